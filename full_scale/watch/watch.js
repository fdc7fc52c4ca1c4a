"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const COLOURS = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7"];
  const COMPARED = [
    ["reward", "Mean reward", false], ["silent_share", "Silent groups (all rewards equal)", true],
    ["held_out", "Held-out accuracy", true], ["coverage", "Coverage of the pool", true],
    ["prompts", "Different prompts so far", false], ["gradient_norm", "Gradient norm", false],
  ];
  const FIRST = 5; // drawn before anything is chosen
  let data = JSON.parse(byId("data").textContent);
  let failure = "";
  const chosen = new Map(); // arm -> colour, at most as many as there are colours

  function duration(seconds) {
    if (seconds === null) return "–";
    const minutes = Math.round(seconds / 60);
    if (seconds < 90) return `${Math.round(seconds)} s`;
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)}%`);
  const mean = (values) => {
    const given = values.filter((value) => value !== null);
    return given.length ? given.reduce((total, value) => total + value, 0) / given.length : null;
  };

  function choose(arm, wanted) {
    if (!wanted) return chosen.delete(arm);
    const free = COLOURS.find((name) => ![...chosen.values()].includes(name));
    if (free) chosen.set(arm, free);
    return Boolean(free);
  }

  function showHead() {
    byId("written").textContent = `Read ${data.written}` + (document.body.dataset.refresh !== "0" ? " · follows the runs" : "");
    const problems = failure ? [failure, ...data.problems] : data.problems;
    byId("problems").hidden = problems.length === 0;
    byId("problems").replaceChildren(...problems.map((text) => Charts.element("li", "", text)));
  }

  function showArms() {
    const wanted = byId("filter").value.trim().toLowerCase();
    const rows = data.arms.filter(({ name }) => name.toLowerCase().includes(wanted)).map((arm) => {
      const runs = data.runs.filter((run) => run.arm === arm.name);
      const row = Charts.element("tr"), head = Charts.element("th"), label = Charts.element("label"), box = Charts.element("input");
      head.scope = "row";
      box.type = "checkbox";
      box.checked = chosen.has(arm.name);
      const key = Charts.element("span", "key");
      if (box.checked) key.style.background = `var(--${chosen.get(arm.name)})`;
      box.addEventListener("change", () => {
        const done = choose(arm.name, box.checked);
        if (box.checked && !done) box.checked = false;
        byId("compare-note").textContent = box.checked || done ? compareNote() : `At most ${COLOURS.length} arms are drawn at once.`;
        key.style.background = box.checked ? `var(--${chosen.get(arm.name)})` : "transparent";
        showComparison();
      });
      label.append(box, key, Charts.element("span", "", arm.name));
      head.append(label);
      const steps = runs.map((run) => run.lastStep), done = mean(runs.map((run) => run.done));
      const least = Math.min(...steps), most = Math.max(...steps);
      const left = runs.map((run) => run.secondsLeft);
      const cells = [
        String(runs.length), least === most ? String(most) : `${least} to ${most}`,
        Charts.short(mean(runs.map((run) => run.summary.reward_last))), percent(mean(runs.map((run) => run.summary.silent_share))),
        done === null ? "–" : `${Math.round(100 * done)}%`, left.includes(null) ? "–" : duration(Math.max(...left)),
      ];
      row.append(head, ...cells.map((text) => Charts.element("td", "", text)));
      return row;
    });
    byId("arms").replaceChildren(...rows);
  }

  function compareNote() {
    const many = data.arms.some((arm) => arm.runs > 1);
    return `Against ${data.axis === "rollouts" ? "rollouts spent" : "steps"}.`
      + (many ? " Lines are means over the runs of an arm, bands 95% intervals (Student) over them." : "")
      + " Reward is that of the last fifth of the steps.";
  }

  function showComparison() {
    const parent = byId("comparison"), drawn = data.arms.filter((arm) => chosen.has(arm.name));
    for (const [column, title, share] of COMPARED) {
      const logged = data.arms.filter((arm) => arm[column]);
      if (!logged.length && column !== "reward" && column !== "silent_share") continue;
      const series = drawn.filter((arm) => arm[column]).map((arm) => ({
        label: arm.name, x: arm.x, values: arm[column].value, low: arm[column].low, high: arm[column].high, colour: chosen.get(arm.name),
      }));
      Charts.lines(Charts.place(parent, column), title, data.axis, series, { share });
    }
  }

  function showRuns() {
    const before = byId("run").value;
    byId("run").replaceChildren(...data.runs.map((run, at) => new Option(run.name + (run.source ? ` (${run.source})` : ""), String(at))));
    byId("run").value = before && before < data.runs.length ? before : "0";
  }

  function showRun() {
    const run = data.runs[Number(byId("run").value)], { series } = run;
    byId("run-note").textContent = run.path;
    const total = run.totalSteps ? ` of ${run.totalSteps}` : "";
    const tiles = [
      ["Step", `${run.lastStep}${total}`], ["Done", run.done === null ? "not known" : `${Math.round(100 * run.done)}%`],
      ["Expected time left", run.secondsLeft === null ? "not known" : duration(run.secondsLeft)],
      ["Reward, last fifth", Charts.short(run.summary.reward_last)], ["Silent groups", percent(run.summary.silent_share)],
      ["Groups", Charts.short(run.summary.groups)], ["Different prompts", Charts.short(run.summary.prompts)],
    ];
    byId("tiles").replaceChildren(...tiles.map(([name, value]) => {
      const tile = Charts.element("div");
      tile.append(Charts.element("dt", "", name), Charts.element("dd", "", value));
      return tile;
    }));
    const parent = byId("details"), x = series.step;
    const line = (label, column, colour, more = {}) => ({ label, x, values: series[column], colour, ...more });
    Charts.lines(Charts.place(parent, "mixed"), `Mixed groups of the ${run.mixedOf}, predicted and seen`, "step", [
      line("seen", "realised_mixed", "c0", { low: series.realised_low, high: series.realised_high }),
      line("predicted", "predicted_mixed", "c1", { dash: [6, 4] }),
    ], { share: true });
    Charts.stacked(Charts.place(parent, "rates"), "Groups by pass rate", "step", x, data.passRates.map((name, at) => ({ label: name, values: series[name], colour: `r${at}` })));
    Charts.lines(Charts.place(parent, "draws"), "Where draws come from", "step", [
      line("by weight", "weighted", "c1"), line("probes", "probe", "c2"), line("uniform", "uniform", "c0"), line("first visits", "new", "c4", { dash: [2, 4] }),
    ], { share: true });
    Charts.lines(Charts.place(parent, "coverage"), "Coverage of the pool", "step", [line("coverage", "coverage", "c2")], { share: true });
    Charts.lines(Charts.place(parent, "prompts"), "Different prompts so far", "step", [line("prompts", "prompts", "c2")]);
    Charts.lines(Charts.place(parent, "seconds"), "Seconds a step", "step", [line("seconds", "seconds", "c4")]);
    byId("silent").hidden = run.silent.length === 0;
    byId("silent-rows").replaceChildren(...run.silent.map(({ visits, reward, prompt }) => {
      const row = Charts.element("tr");
      row.append(...[String(visits), Charts.short(reward), prompt].map((text) => Charts.element("td", "", text)));
      return row;
    }));
  }

  function showAll() {
    for (const arm of [...chosen.keys()]) if (!data.arms.some(({ name }) => name === arm)) chosen.delete(arm);
    if (!chosen.size) for (const { name } of data.arms.slice(0, FIRST)) choose(name, true);
    byId("compare-note").textContent = compareNote();
    showHead();
    showArms();
    showComparison();
    showRuns();
    showRun();
  }

  async function follow() {
    try {
      const answer = await fetch("data.json", { cache: "no-store" });
      data = await answer.json();
      failure = "";
    } catch {
      failure = "The server does not answer: what is shown is what it said last.";
      showHead();
      return;
    }
    showAll();
  }

  byId("filter").addEventListener("input", showArms);
  byId("run").addEventListener("change", showRun);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
  showAll();
  const seconds = Number(document.body.dataset.refresh);
  if (seconds > 0) setInterval(follow, 1000 * seconds);
})();
