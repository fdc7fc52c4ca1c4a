// What variance-aware sampling is expected to do to a pool of pass rates. Every function is pure and is checked
// against the Python package on a grid. Rates, diversities, scores and chances are arrays of equal length.
"use strict";
const Formulas = (() => {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const dot = (first, second) => first.reduce((total, value, index) => total + value * second[index], 0);

  // The mean of c_k over k ~ Binomial(n, p), by de Casteljau's recursion: positive weights only, accurate at every p.
  function bernstein(coefficients, p) {
    const c = Float64Array.from(coefficients);
    for (let last = c.length - 1; last > 0; last--) {
      for (let k = 0; k < last; k++) c[k] = (1 - p) * c[k] + p * c[k + 1];
    }
    return c[0];
  }

  // E[sigma_hat_G]: the mean standard deviation of a group's rewards, which is the push of whitened advantages.
  function groupSignal(p, groupSize) {
    const spread = Array.from({ length: groupSize + 1 }, (_, k) => Math.sqrt(k * (groupSize - k)) / groupSize);
    return bernstein(spread, p);
  }

  // The probability that all rewards of a group are equal, so that it has no gradient: p^G + (1 - p)^G.
  const silentGroup = (p, groupSize) => p ** groupSize + (1 - p) ** groupSize;

  // The mean score of each prompt. Of the plug-in variance of N rollouts, (N - 1)/N is seen in the mean.
  function scores(rates, diversities, { score, alpha, beta, groupSize, scoringRollouts }) {
    if (score === "expected_signal") return rates.map((p) => groupSignal(p, groupSize));
    const seen = (scoringRollouts - 1) / scoringRollouts;
    return rates.map((p, index) => alpha * seen * p * (1 - p) + beta * diversities[index]);
  }

  // The share of a batch that is drawn by weight: whole prompts only.
  const weightedShare = (mixtureRatio, batchSize) => Math.floor(mixtureRatio * batchSize + 1e-9) / batchSize;

  // The chance of each prompt in one draw: a share in proportion to the scores, the rest uniform.
  function chances(promptScores, share) {
    const total = sum(promptScores);
    const uniform = 1 / promptScores.length;
    return promptScores.map((value) => (total > 0 ? share * value / total + (1 - share) * uniform : uniform));
  }

  // Per-prompt quantities averaged with the chances of a draw.
  function expectation(rates, weights, groupSize) {
    return {
      passRate: dot(weights, rates),
      rewardVariance: dot(weights, rates.map((p) => p * (1 - p))),
      silentShare: dot(weights, rates.map((p) => silentGroup(p, groupSize))),
      signal: dot(weights, rates.map((p) => groupSignal(p, groupSize))),
    };
  }

  // What a budget of rollouts buys when every prompt is scored before the first step and then every T steps. A step
  // counts only if it is paid for in full; without scoring rollouts nothing is charged but training.
  function schedule({ budget, prompts, scoringRollouts, batchSize, groupSize, updateInterval, periodic }) {
    const step = batchSize * groupSize;
    if (!periodic) {
      const steps = Math.floor(budget / step);
      return { refreshes: 0, steps, scoring: 0, training: steps * step };
    }
    const refresh = prompts * scoringRollouts;
    const round = refresh + updateInterval * step;
    const rounds = Math.floor(budget / round);
    const rest = budget - rounds * round;
    const extra = rest >= refresh + step ? Math.floor((rest - refresh) / step) : 0;
    const refreshes = rounds + (extra > 0 ? 1 : 0);
    const steps = rounds * updateInterval + extra;
    return { refreshes, steps, scoring: refreshes * refresh, training: steps * step };
  }

  // Training rollouts between two refreshes at which a gain just pays for scoring: P N / (gain - 1).
  const breakEven = (gain, prompts, scoringRollouts) => (gain > 1 ? prompts * scoringRollouts / (gain - 1) : Infinity);

  // Everything the page shows about a pool under given settings.
  function explore(rates, diversities, settings) {
    const share = weightedShare(settings.mixtureRatio, settings.batchSize);
    const weights = chances(scores(rates, diversities, settings), share);
    const even = rates.map(() => 1 / rates.length);
    const uniform = expectation(rates, even, settings.groupSize);
    const weighted = expectation(rates, weights, settings.groupSize);
    const ratio = (name) => (uniform[name] > 0 ? weighted[name] / uniform[name] : 1);
    const plan = schedule(settings);
    const spent = plan.scoring + plan.training;
    const signalGain = ratio("signal");
    const round = settings.batchSize * settings.groupSize * settings.updateInterval;
    const scored = settings.periodic ? settings.prompts * settings.scoringRollouts : 0;
    return {
      share, weights, uniform, weighted, plan, signalGain,
      varianceGain: ratio("rewardVariance"),
      scoringShare: spent > 0 ? plan.scoring / spent : 0,
      netGain: signalGain * round / (round + scored),
      breakEven: settings.periodic ? breakEven(signalGain, settings.prompts, settings.scoringRollouts) : 0,
      passes: settings.budget / (settings.prompts * settings.groupSize),
    };
  }

  // log Gamma(x) for x > 0: Stirling's series, after x has been raised to where six terms give full accuracy.
  function logGamma(x) {
    let shift = 0;
    while (x < 15) shift -= Math.log(x++);
    const s = 1 / (x * x);
    const series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * 691 / 360360))))) / x;
    return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
  }

  // The regularised incomplete beta function I_x(a, b), by its continued fraction (modified Lentz).
  function betaCdf(x, a, b) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - betaCdf(1 - x, b, a);
    const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
    const tiny = 1e-300;
    let c = 1, d = 1 / (Math.abs(1 - (a + b) * x / (a + 1)) < tiny ? tiny : 1 - (a + b) * x / (a + 1)), value = d;
    for (let m = 1; m < 500; m++) {
      const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
      let change = 1;
      for (const term of [even, odd]) {
        d = 1 / (Math.abs(1 + term * d) < tiny ? tiny : 1 + term * d);
        c = Math.abs(1 + term / c) < tiny ? tiny : 1 + term / c;
        change = c * d;
        value *= change;
      }
      if (Math.abs(change - 1) < 1e-15) break;
    }
    return front * value;
  }

  // Pass rates at the mid-quantiles of a mixture of Beta distributions [[share, a, b], ...], by bisection.
  function betaPool(components, count) {
    const cdf = (x) => sum(components.map(([share, a, b]) => share * betaCdf(x, a, b)));
    const rates = [];
    for (let index = 0; index < count; index++) {
      const wanted = (index + 0.5) / count;
      let low = 0, high = 1;
      for (let halvings = 0; halvings < 60 && high - low > 1e-12; halvings++) {
        const middle = (low + high) / 2;
        if (cdf(middle) < wanted) low = middle; else high = middle;
      }
      rates.push((low + high) / 2);
    }
    return rates;
  }

  return { betaCdf, betaPool, breakEven, chances, expectation, explore, groupSignal, schedule, scores, silentGroup, weightedShare };
})();
