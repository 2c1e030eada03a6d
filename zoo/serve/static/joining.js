// The pages around the join code: keep the fragment of the address, and go on once joined.
const form = document.getElementById("join");
const link = document.getElementById("on");

if (form) form.action = `/join${location.hash}`;
if (link) {
  link.href = `/${location.hash}`;
  location.replace(link.href);
} else if (location.pathname === "/" && !location.href.includes("?")) {
  // Who follows a link on another site is asked even if joined: the browser did not send the cookie
  // along. It does with what this page asks, and then with where it goes.
  const { status } = await fetch("/join/joined");
  if (status === 204) location.replace(`/?${location.hash}`);
}
