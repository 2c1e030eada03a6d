"""What axe-core finds on a page: contrast, names, roles, keyboard."""

from axe_playwright_python.sync_playwright import Axe


def violations(page):
    """Return the violations on a page of playwright: one line for each rule."""
    return [
        f"{found['id']} ({found['impact']}): {len(found['nodes'])} × "
        f"{found['nodes'][0]['html'][:300]}: {found['nodes'][0]['failureSummary']}"
        for found in Axe().run(page).response["violations"]
    ]
