// Sets the reader's choice of light or dark before anything is drawn, so it is no module. Without a choice the system's is taken.
try {
  const theme = localStorage.getItem("stroma.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* a browser that keeps nothing */ }
