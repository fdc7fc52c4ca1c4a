// What the laboratory's tournament says about a setting like the user's, and the settings file to start from.
"use strict";
const Advice = (() => {
  // How unlike a world is, in units in which 1 is a difference that matters, with the reasons in words.
  function distance(world, wish) {
    const parts = [
      [Math.abs(world.passRate - wish.passRate) / 0.15, `mean pass rate ${world.passRate.toFixed(2)}, yours ${wish.passRate.toFixed(2)}`],
      [Math.abs(world.rewardVariance - wish.rewardVariance) / 0.05,
        `mean reward variance ${world.rewardVariance.toFixed(3)}, yours ${wish.rewardVariance.toFixed(3)}`],
      [Math.abs(Math.log2(world.groupSize / wish.groupSize)), `groups of ${world.groupSize}, yours ${wish.groupSize}`],
      [Math.abs(Math.log2(world.passes / wish.passes)) / 2,
        `${world.passes.toFixed(1)} passes over the pool, yours ${wish.passes.toFixed(1)}`],
      [wish.coupling === "unknown" || wish.coupling === world.coupling ? 0 : 1.5, `coupling between prompts: ${world.coupling}`],
      [wish.noisy === world.noisy ? 0 : 1.5, world.noisy ? "a noisy verifier" : "an exact verifier"],
    ];
    return {
      total: parts.reduce((sum, [size]) => sum + size, 0),
      differences: parts.filter(([size]) => size >= 1).map(([, text]) => text),
    };
  }

  // The closest world, its best arm that real training can run, and every arm that cannot be told from that one.
  function recommend(worlds, wish) {
    const ranked = worlds.map((world) => ({ world, ...distance(world, wish) })).sort((one, other) => one.total - other.total);
    const { world, differences } = ranked[0];
    const arms = world.arms.filter((arm) => arm.trainable);
    const best = arms.reduce((one, other) => (other.gain > one.gain ? other : one));
    const level = arms.filter((arm) => arm !== best && arm.gain_high >= best.gain_low);
    return { world, differences, arms, best, level };
  }

  const plain = (number) => String(Number(number.toPrecision(12)));
  const real = (number) => (Number.isInteger(number) ? `${number}.0` : plain(number));

  function sampler(settings) {
    const terms = settings.score === "vps" ? [`alpha = ${real(settings.alpha)}`, `beta = ${real(settings.beta)}`] : [];
    if (!settings.periodic) {
      return [
        'strategy = "vas"', `mixture_ratio = ${real(settings.mixtureRatio)}`, "", "[arms.sampler]",
        `score = "${settings.score}"`, ...terms,
      ];
    }
    return [
      'strategy = "vas-paper"', "", "[arms.options]", `mixture_ratio = ${real(settings.mixtureRatio)}`,
      `update_interval = ${settings.updateInterval}`, `scoring_rollouts = ${settings.scoringRollouts}`, ...terms,
    ];
  }

  // A study of uniform sampling, of VAS as set on the page and of the recommended arm, for `full_scale --config`.
  function toml(settings, steps, recommended) {
    const own = ["uniform", settings.periodic ? "vas-paper" : "vas"];
    const third = own.includes(recommended) ? [] : ["", "[[arms]]", `name = "${recommended}"`, `strategy = "${recommended}"`];
    return [
      "# Settings from the explorer: uniform sampling, VAS as set there, and the arm that did best in the closest world.",
      "[rollouts]", `prompts_per_step = ${settings.batchSize}`, `group_size = ${settings.groupSize}`, "",
      "[training]", `steps = ${steps}`, "",
      "[[arms]]", 'name = "uniform"', 'strategy = "uniform"', "",
      "[[arms]]", 'name = "vas-as-set"', ...sampler(settings), ...third, "",
    ].join("\n");
  }

  return { distance, recommend, toml };
})();
