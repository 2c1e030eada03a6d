"""Which states of a training are kept."""

from hypothesis import given
from hypothesis import strategies as st

from zoo.serve.kept_states import KeptStates


@given(st.lists(st.integers(1, 500), max_size=300), st.integers(2, 20))
def test_the_nearest_kept_state_is_near(lengths, size):
    kept, updates, longest = KeptStates(b"0", size), 0, 1
    for length in lengths:
        updates += length
        longest = max(longest, length)
        kept.add(updates, str(updates).encode())
        assert len(kept.updates) <= size
        assert kept.updates[0] == 0
    for to in {updates, updates // 2, updates // 3}:
        at, state = kept.before(to)
        assert at <= to
        assert state == str(at).encode()
        # Evenly spread, except that a page may make many updates at a time.
        assert to - at <= 4 * updates / size + 3 * longest


def test_a_state_that_was_changed_by_hand_replaces_the_old_one():
    kept = KeptStates(b"first")
    kept.add(5, b"five")
    kept.add(9, b"nine")
    kept.drop_after(5)
    kept.add(5, b"other")
    assert kept.before(9) == (5, b"other")
    assert kept.before(4) == (0, b"first")
