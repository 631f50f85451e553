(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const printWidth = 640;
  function figureOf(name, inDark) {
    const facts = JSON.parse(document.getElementById(name).textContent);
    if (inDark) {
      for (const [path, value] of facts.dark) {
        const last = path.pop();
        let place = facts.figure;
        for (const step of path) place = place[step];
        place[last] = value;
      }
    }
    return facts.figure;
  }
  function draw(inDark, printed) {
    for (const place of document.querySelectorAll("[data-chart]")) {
      const figure = figureOf(place.dataset.chart, inDark);
      if (printed) figure.layout.width = printWidth;
      Plotly.react(place, figure.data, figure.layout, {
        responsive: !printed,
        displaylogo: false,
        displayModeBar: false
      });
    }
  }
  draw(dark.matches, false);
  dark.addEventListener("change", () => draw(dark.matches, false));
  window.addEventListener("beforeprint", () => draw(false, true));
  window.addEventListener("afterprint", () => draw(dark.matches, false));
})();
