// What the theme leaves without a name, or out of reach of the keyboard.
function complete() {
    document.querySelector("[data-md-component=search]")?.setAttribute("aria-label", "Search");
    document.querySelectorAll("nav.md-code__nav:not([aria-label])").forEach((bar) => {
        const bars = [...document.querySelectorAll("nav.md-code__nav")];
        bar.setAttribute("aria-label", `Code block ${bars.indexOf(bar) + 1}`);
    });
    document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((table) => {
        if (table.scrollWidth > table.clientWidth) {
            table.tabIndex = 0;
        }
    });
}

new MutationObserver(complete).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", complete);
complete();
