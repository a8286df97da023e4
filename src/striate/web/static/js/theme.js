// Runs before the first paint, so that the page never flashes in the wrong colours: <html data-theme> is "light" or "dark".
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const chosen = () => {
    try {
      return localStorage.getItem("striate-theme") || "auto";
    } catch {
      return "auto";
    }
  };
  const apply = () => {
    const choice = root.dataset.themeChoice || chosen();
    root.dataset.themeChoice = choice;
    root.dataset.theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    dispatchEvent(new Event("theme"));
  };
  dark.addEventListener("change", apply);
  apply();
  addEventListener("theme-chosen", (event) => {
    root.dataset.themeChoice = event.detail;
    try {
      localStorage.setItem("striate-theme", event.detail);
    } catch {
      // A browser that keeps nothing forgets the choice; the page works all the same.
    }
    apply();
  });
})();
