// A figure opens over the page by a click, a tap or Enter, at least as large as it was drawn; Escape, or another
// click or tap, closes it. Without this script the same link leads to the image itself.
addEventListener("DOMContentLoaded", () => {
  const dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.innerHTML = '<button type="button" aria-label="Close">×</button><img alt="">';
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);

  for (const link of document.querySelectorAll("article a.image-reference")) {
    link.title = "Enlarge";
    link.addEventListener("click", event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // which ask for a tab or a window
      event.preventDefault();
      const small = link.querySelector("img");
      const large = dialog.querySelector("img");
      large.src = link.href;
      large.alt = small.alt;
      large.style.setProperty("--drawn", small.style.width);
      large.style.setProperty("--pixels", `${small.naturalWidth}px`);
      dialog.showModal();
      dialog.scrollTo(0, 0);
    });
  }
});
