"""The model cards on the page in a real Chromium."""


def test_a_late_card_does_not_replace_a_newer_one(open_page, hold):
    page = open_page(part="zoo")
    let_go = hold(page, "**/api/cards/*")
    first, second = page.locator("#list button").all()[:2]
    first.click()
    second.click()
    page.wait_for_selector(f"#card h3:text-is('{second.inner_text()}')")
    let_go()
    assert page.inner_text("#card h3") == second.inner_text()


def test_a_missing_card_is_reported(open_page):
    page = open_page(part="zoo")
    page.evaluate("document.querySelector('#list button').onclick = null")
    page.route("**/api/cards/*", lambda route: route.continue_(url=f"{route.request.url}_not"))
    page.locator("#list button").nth(1).click()
    page.wait_for_selector("#card:has-text('is not served here.')")


def test_every_card_is_shown_with_its_pictures(open_page, shoot):
    page = open_page(part="zoo")
    for button in page.locator("#list button").all():
        button.click()
        name = button.inner_text()
        page.wait_for_selector(f"#card h3:text-is('{name}')")
        # A picture that cannot be fetched or decoded is an error here.
        decode = "all => Promise.all(all.map((image) => image.decode()))"
        page.eval_on_selector_all("#card img", decode)
    shoot(page, "serve-zoo")


def test_the_first_card_is_open_when_the_section_is_shown(open_page):
    page = open_page()
    assert page.inner_text("#card") == ""
    page.click("nav a[data-section=zoo]")
    page.wait_for_selector("#card h3")
    first = page.locator("#list button").first
    assert page.inner_text("#card h3") == first.inner_text()
    assert first.get_attribute("aria-pressed") == "true"
