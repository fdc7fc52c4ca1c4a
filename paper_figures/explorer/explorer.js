// The page: reads the fields, computes, and shows. Nothing leaves the page and nothing is loaded.
"use strict";
(() => {
  const FACTS = JSON.parse(document.getElementById("facts").textContent);
  const POINTS = 400;
  const BINS = 20;
  const byId = (id) => document.getElementById(id);
  const form = byId("settings");

  const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}%`;
  const count = (number) => Math.round(number).toLocaleString("en");
  const times = (ratio) => `${ratio.toFixed(2)}×`;
  const signed = (number) => `${number < 0 ? "−" : "+"}${Math.abs(100 * number).toFixed(1)}`;  // in points

  // A field's number, or NaN after its fault has been shown beside it.
  function number(id) {
    const field = byId(id);
    const low = Number(field.min || field.dataset.low), high = Number(field.max || field.dataset.high);
    const whole = field.dataset.whole === "yes", value = PastedRates.number(field.value, whole);
    const fits = value >= low && value <= high && (!whole || Number.isInteger(value));
    const name = form.querySelector(`label[for="${id}"]`).firstChild.textContent.trim();
    const kind = whole ? "a whole number" : "a number";
    const given = field.value.trim() === "" ? "nothing" : field.value;
    fault(field, fits ? "" : `${name} must be ${kind} from ${count(low)} to ${count(high)}; found ${given}.`);
    return fits ? value : NaN;
  }

  function fault(field, message) {
    const place = byId(`${field.id}-fault`);
    place.textContent = message;
    place.hidden = message === "";
    field.setAttribute("aria-invalid", String(message !== ""));
  }

  // The size of the pool and what a step can hold follow a newly pasted pool; a later change by hand stands.
  let followed = byId("csv").value;
  function follow(prompts) {
    if (byId("csv").value === followed) return;
    followed = byId("csv").value;
    byId("prompts").value = String(prompts);
    const step = byId("batch-size"), least = Math.min(prompts, PastedRates.number(step.value, true) || prompts);
    if (String(least) !== step.value) byId("csv-read").textContent += ` A step now holds ${count(least)} of them.`;
    step.value = String(least);
  }

  const pools = new Map();
  function shape(key, components) {
    if (!pools.has(key)) pools.set(key, Formulas.betaPool(components, POINTS));
    return pools.get(key);
  }

  // Pass rates and diversities of the chosen pool, or null after a fault has been shown.
  function readPool() {
    const chosen = byId("pool").value;
    byId("beta-fields").hidden = chosen !== "beta";
    byId("csv-fields").hidden = chosen !== "csv";
    if (chosen === "csv") {
      const read = PastedRates.parse(byId("csv").value);
      fault(byId("csv"), read.fault ?? "");
      byId("csv-read").textContent = read.fault ? "" : `${count(read.rates.length)} prompts read${read.diversities ? ", with diversities" : ""}.`;
      if (!read.fault) follow(read.rates.length);
      return read.fault ? null : read;
    }
    if (chosen === "beta") {
      const a = number("beta-a"), b = number("beta-b");
      return Number.isNaN(a + b) ? null : { rates: shape(`${a} ${b}`, [[1, a, b]]), diversities: null };
    }
    const pool = FACTS.pools.find((known) => known.name === chosen);
    return { rates: pool.rates ?? shape(pool.name, pool.components), diversities: null };
  }

  function readSettings() {
    const periodic = form.elements.scoring.value === "periodic";
    byId("periodic-fields").hidden = !periodic;
    byId("score").disabled = periodic;
    if (periodic) byId("score").value = "vps";
    const score = byId("score").value;
    byId("vps-fields").hidden = score !== "vps";
    const settings = {
      periodic, score,
      prompts: number("prompts"), groupSize: number("group-size"), batchSize: number("batch-size"), budget: number("budget"),
      mixtureRatio: number("mixture-ratio"),
      alpha: score === "vps" ? number("alpha") : 0, beta: score === "vps" ? number("beta") : 0,
      diversity: score === "vps" ? number("diversity") : 0,
      updateInterval: periodic ? number("update-interval") : 1,
      scoringRollouts: periodic ? number("scoring-rollouts") : number("group-size"),
    };
    if (score === "vps" && settings.alpha === 0 && settings.beta === 0) {
      fault(byId("beta"), "Alpha and beta must not both be 0; found 0 and 0.");
      settings.beta = NaN;
    }
    if (settings.batchSize > settings.prompts) {
      fault(byId("batch-size"), `Prompts a step must be at most the pool's ${count(settings.prompts)}; found ${settings.batchSize}.`);
      settings.batchSize = NaN;
    }
    return Object.values(settings).some(Number.isNaN) ? null : settings;
  }

  function showVerdict(found, settings) {
    const { signalGain, netGain } = found;
    const drawn = `A batch drawn this way has ${times(found.varianceGain)} the reward variance of a uniform one`;
    const silent = `${percent(found.weighted.silentShare)} silent groups instead of ${percent(found.uniform.silentShare)}`;
    const cost = settings.periodic ? `, and scoring takes ${percent(found.scoringShare)} of the budget` : "";
    byId("verdict").textContent = `${drawn} and ${silent}${cost}.`;
    let net = `Nothing is spent on scoring, so the expected spread of rewards within a group is at best ${times(netGain)} that of uniform sampling.`;
    if (settings.periodic) {
      net = signalGain <= 1
        ? "The spread of rewards within a group does not grow, so scoring cannot pay for itself."
        : `Per rollout spent, scoring included, the expected spread of rewards within a group is at best ${times(netGain)} that of uniform sampling: ${netGain >= 1 ? "it can pay" : "it does not pay"}.`;
    }
    byId("net").textContent = net;
    const arms = [settings.periodic ? "vas-paper" : "vas", "vas-states", "vas-own", "uniform-g4", "vas-states-g4"].filter((arm) => FACTS.trained[arm]);
    const ahead = arms.filter((arm) => FACTS.helped.includes(arm)), rest = arms.filter((arm) => !ahead.includes(arm));
    byId("helped").textContent = (ahead.length ? `In small networks more than uniform sampling learned: ${ahead.join(", ")}. ` : "")
      + (rest.length ? `Not more: ${rest.join(", ")}.` : "");
    byId("trained").replaceChildren(...arms.map((arm) => Object.assign(document.createElement("li"), { textContent: FACTS.trained[arm] })));
  }

  function showNumbers(found, settings) {
    const rows = {
      "pass-rate": ["passRate", (value) => value.toFixed(3)],
      variance: ["rewardVariance", (value) => value.toFixed(4)],
      silent: ["silentShare", percent],
      signal: ["signal", (value) => value.toFixed(4)],
    };
    for (const [id, [name, text]] of Object.entries(rows)) {
      byId(`${id}-uniform`).textContent = text(found.uniform[name]);
      byId(`${id}-weighted`).textContent = text(found.weighted[name]);
      byId(`${id}-ratio`).textContent = found.uniform[name] > 0 ? times(found.weighted[name] / found.uniform[name]) : "–";
    }
    const { plan } = found, step = settings.batchSize * settings.groupSize;
    const between = found.breakEven;
    byId("scoring-cost").textContent = settings.periodic
      ? `${count(plan.scoring)} rollouts, ${percent(found.scoringShare)} of what is spent (${count(plan.refreshes)} refreshes of ${count(settings.prompts * settings.scoringRollouts)})`
      : "0 rollouts: the training groups are the scores";
    byId("training-left").textContent = `${count(plan.training)} rollouts in ${count(plan.steps)} steps of ${count(step)}, ${found.passes.toFixed(1)} passes over the pool if all were training`;
    byId("break-even").textContent = !settings.periodic ? "none needed"
      : Number.isFinite(between)
        ? `${count(between)} training rollouts (${count(Math.ceil(between / step))} steps) between two refreshes; you have ${count(step * settings.updateInterval)}`
        : "never: the spread of rewards within a group does not grow";
    byId("drawn-by-weight").textContent = `${count(found.share * settings.batchSize)} of ${settings.batchSize} prompts a step`;
  }

  // The pool as bars: how often a prompt of each pass rate is drawn, uniformly and by this sampling.
  function showChart(rates, weights) {
    const uniform = new Array(BINS).fill(0), weighted = new Array(BINS).fill(0);
    rates.forEach((rate, index) => {
      const bin = Math.min(BINS - 1, Math.floor(rate * BINS));
      uniform[bin] += 1 / rates.length;
      weighted[bin] += weights[index];
    });
    const top = Math.max(...uniform, ...weighted);
    const bars = byId("bars");
    bars.replaceChildren(...uniform.map((share, bin) => {
      const pair = document.createElement("div");
      for (const [kind, value] of [["uniform", share], ["weighted", weighted[bin]]]) {
        const bar = document.createElement("span");
        bar.className = kind;
        bar.style.height = `${(100 * value / top).toFixed(2)}%`;
        pair.append(bar);
      }
      pair.title = `pass rate ${(bin / BINS).toFixed(2)} to ${((bin + 1) / BINS).toFixed(2)}: uniform ${percent(share)}, VAS ${percent(weighted[bin])}`;
      return pair;
    }));
    byId("bars-top").textContent = percent(top);
    const middle = (values) => values.slice(BINS / 4, 3 * BINS / 4).reduce((total, value) => total + value, 0);
    bars.setAttribute("aria-label", `Share of draws by pass rate. Between 0.25 and 0.75: uniform ${percent(middle(uniform))}, this sampling ${percent(middle(weighted))}.`);
  }

  function showAdvice(found, settings) {
    const wish = {
      passRate: found.uniform.passRate, rewardVariance: found.uniform.rewardVariance, groupSize: settings.groupSize,
      passes: found.passes, coupling: byId("coupling").value, noisy: byId("noisy").checked,
    };
    const advice = Advice.recommend(FACTS.worlds, wish);
    const { world, best, level, passedOver, ties } = advice;
    const interval = (gain) => `${signed(gain.gain)} points (95% interval ${signed(gain.gain_low)} to ${signed(gain.gain_high)})`;
    const place = `${ties.length > 1 ? "one of the closest worlds" : "the closest world"} of the tournament, ${world.name} (${world.difficulty}; ${FACTS.seeds} paired seeds)`;
    byId("arm").textContent = [...new Set(ties.map(({ arm }) => arm))].join(" or ");
    byId("world").textContent = Advice.tied(ties) + (best.name === "uniform"
      ? `In ${place}, no arm wins at one learning rate and at tuned ones without training of a model speaking against it. `
      : `In ${place}, its final pass rate is ${interval(best)} over uniform at one learning rate and ${interval(best.tuned)} at tuned ones. `)
      + (level.length ? `Within noise of it there: ${level.map((arm) => arm.name).join(", ")}. ` : "")
      + (passedOver ? `${passedOver.name} has the largest gain there at one rate, ${interval(passedOver)}, and is not recommended: ${Advice.against(passedOver)}.` : "");
    byId("study").textContent = [best, passedOver].filter(Boolean).flatMap((arm) => (FACTS.untrained.includes(arm.name)
      ? [`${arm.name} was not trained on small networks or a language model. The list above comes from trained networks.`]
      : [FACTS.study[arm.name], FACTS.networks[arm.name]])).filter(Boolean).join(" ");
    byId("differences").textContent = advice.differences.length ? `That world differs from yours: ${advice.differences.join("; ")}.` : "";
    byId("arms").replaceChildren(...advice.arms.map((arm) => {
      const line = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.textContent = arm.name;
      const range = (gain) => (gain && arm.name !== "uniform" ? `${signed(gain.gain_low)} to ${signed(gain.gain_high)}` : "–");
      const cells = [signed(arm.gain), range(arm), arm.tuned ? signed(arm.tuned.gain) : "–", range(arm.tuned)];
      line.append(name, ...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
      if (arm === best) line.className = "best";
      return line;
    }));
    const file = Advice.toml(settings, found.plan.steps, best.name);
    byId("toml").textContent = file;
    byId("snippet").textContent = Advice.snippet(settings, best, FACTS.helped);
    const rollouts = settings.budget * (file.match(/\[\[arms\]\]/g).length), seconds = FACTS.secondsPerRollout;
    byId("download-trains").textContent = `It trains SmolLM2-135M on this project's built-in arithmetic, not your model and data: `
      + `${count(rollouts)} rollouts in all`
      + (seconds ? `, about ${count(Math.max(1, rollouts * seconds / 60))} minutes at the ${(1000 * seconds).toFixed(0)} ms a rollout of the committed study on two CPU cores.` : ".");
    byId("download").disabled = found.plan.steps < 1;
    byId("download-note").textContent = found.plan.steps < 1 ? "The budget does not pay for one step, so there is nothing to run." : "";
  }

  function update() {
    byId("mixture-ratio-shown").textContent = Number(byId("mixture-ratio").value).toFixed(2);
    const pool = readPool(), settings = readSettings();
    const ready = pool !== null && settings !== null;
    byId("results").hidden = !ready;
    byId("waiting").hidden = ready;
    if (!ready) return;
    const diversities = pool.diversities ?? pool.rates.map(() => settings.diversity);
    byId("diversity").disabled = pool.diversities !== null;
    const found = Formulas.explore(pool.rates, diversities, settings);
    showVerdict(found, settings);
    showNumbers(found, settings);
    showChart(pool.rates, found.weights);
    showAdvice(found, settings);
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([byId("toml").textContent], { type: "application/toml" }));
    link.download = "vas-study.toml";
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async function readFile() {
    const [file] = byId("csv-file").files;
    if (file) byId("csv").value = await file.text();
    update();
  }

  for (const pool of FACTS.pools) byId("pool").prepend(new Option(pool.text, pool.name));
  byId("pool").value = FACTS.pools.at(-1).name;
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("csv-file").addEventListener("change", readFile);
  byId("download").addEventListener("click", download);
  update();
})();
