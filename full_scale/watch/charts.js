"use strict";
// Charts of lines with bands, and of shares stacked over the steps, drawn by uPlot. Names are shown as text alone.
const Charts = (() => {
  const HEIGHT = 216;
  const drawn = new Map();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faint = (hex) => `${hex}29`;
  const known = (values) => values.some((value) => value !== null && value !== undefined);

  function short(value, share) {
    if (value === null || value === undefined) return "–";
    if (share) return `${(100 * value).toFixed(1)}%`;
    const size = Math.abs(value);
    return size >= 1e6 ? `${(value / 1e6).toFixed(1)}M` : size >= 1e4 ? `${(value / 1e3).toFixed(0)}k` : String(+value.toPrecision(3));
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function axis(label, share) {
    const ink = colour("soft"), line = colour("line");
    return {
      stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, size: label ? 44 : 52, label,
      labelSize: 18, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
      values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : share && !label ? `${Math.round(100 * tick)}%` : short(tick))),
    };
  }

  // series: [{label, x, values, low, high, colour}]; all on one x, or each on its own, which are joined
  function lines(place, title, xLabel, series, { share = false } = {}) {
    const shown = series.filter((one) => known(one.values));
    const parts = shown.flatMap((one) => {
      const tables = [[one.x, one.values]];
      if (one.low && known(one.low)) tables.push([one.x, one.low], [one.x, one.high]);
      return tables;
    });
    const data = parts.length ? uPlot.join(parts) : [[]];
    const options = [{}], bands = [], legend = [];
    for (const one of shown) {
      const stroke = colour(one.colour), at = options.length;
      options.push({ stroke, width: 2, spanGaps: true, dash: one.dash, points: { show: one.values.length < 3 } });
      if (one.low && known(one.low)) {
        const edge = { stroke: "transparent", width: 0, spanGaps: true, points: { show: false } };
        options.push({ ...edge }, { ...edge });
        bands.push({ series: [at + 2, at + 1], fill: faint(stroke) });
      }
      legend.push({ label: one.label, colour: one.colour, at });
    }
    draw(place, title, xLabel, data, options, bands, legend, share, share ? [0, 1] : null, (values, at, index) => values[at][index]);
  }

  // shares: [{label, values, colour}] of one x, from bottom to top
  function stacked(place, title, xLabel, x, shares) {
    const whole = shares.every((one) => known(one.values));
    const data = [x, x.map(() => 0)], options = [{}, { stroke: "transparent", width: 0, points: { show: false } }], bands = [], legend = [];
    for (const [row, one] of whole ? shares.entries() : []) {
      const below = data[data.length - 1];
      data.push(one.values.map((value, index) => (value === null ? null : below[index] + value)));
      options.push({ stroke: colour("paper"), width: 1, points: { show: false } });
      bands.push({ series: [row + 2, row + 1], fill: colour(one.colour) });
      legend.push({ label: one.label, colour: one.colour, at: row + 2 });
    }
    const difference = (values, at, index) => (values[at][index] === null ? null : values[at][index] - values[at - 1][index]);
    draw(place, title, xLabel, data, options, bands, legend, true, [0, 1], difference);
  }

  function draw(place, title, xLabel, data, series, bands, legend, share, range, valueAt) {
    const old = drawn.get(place);
    if (old) old.destroy();
    drawn.delete(place);
    const heading = element("h3", "", title), keys = element("div", "legend"), area = element("div", "plot");
    const shownValues = legend.map(({ label, colour: name }) => {
      const key = element("span"), mark = element("span", "key"), value = element("span", "value");
      mark.style.background = colour(name);
      key.append(mark, element("span", "", label), value);
      keys.append(key);
      return value;
    });
    place.className = "chart";
    place.replaceChildren(heading, keys, area);
    if (!legend.length) {
      area.classList.add("missing");
      area.append(element("span", "", "not logged"));
      return;
    }
    // without a cursor: where each series ends, since arms that spend more a step end earlier
    const end = (values, at) => values[at].findLastIndex((value) => value !== null && value !== undefined);
    const say = (plot, index) => legend.forEach(({ at }, row) => {
      shownValues[row].textContent = short(valueAt(plot.data, at, index ?? end(plot.data, at)), share);
    });
    const plot = new uPlot({
      width: Math.max(place.clientWidth, 200), height: HEIGHT, series, bands, legend: { show: false },
      scales: { x: { time: false }, y: range ? { range: () => range } : { range: (_, low, high) => spread(low, high) } },
      axes: [axis(xLabel, false), axis("", share)],
      cursor: { drag: { x: true, y: false } },
      hooks: { setCursor: [(self) => say(self, self.cursor.idx)] },
    }, data, area);
    say(plot, null);
    area.setAttribute("role", "img");
    area.setAttribute("aria-label", `${title} over ${xLabel}: at the end ` + legend.map(({ label }, row) => `${label} ${shownValues[row].textContent}`).join(", "));
    drawn.set(place, plot);
  }

  function spread(low, high) {
    if (low === null || high === null) return [0, 1];
    const room = (high - low || Math.abs(high) || 1) * 0.08;
    return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
  }

  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const plot = drawn.get(target);
      if (plot && Math.abs(plot.width - contentRect.width) > 1) plot.setSize({ width: Math.max(contentRect.width, 200), height: HEIGHT });
    }
  });

  function place(parent, name) {
    let found = parent.querySelector(`[data-chart="${name}"]`);
    if (!found) {
      found = element("div", "chart");
      found.dataset.chart = name;
      parent.append(found);
      watcher.observe(found);
    }
    return found;
  }

  return { element, known, lines, place, short, stacked };
})();
