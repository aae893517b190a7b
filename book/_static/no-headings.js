// The theme looks for the page's contents list also on pages that have none, and fails:
// give it an empty one.
addEventListener("DOMContentLoaded", () => {
  if (document.querySelector("div.bd-sidebar-secondary")) return;
  const contents = document.createElement("div");
  contents.className = "bd-sidebar-secondary";
  contents.style.display = "none";
  document.body.append(contents);
});
