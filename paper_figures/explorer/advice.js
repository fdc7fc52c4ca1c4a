// What the laboratory's tournament says about a setting like the user's, and the settings file to start from.
"use strict";
const Advice = (() => {
  // The words of the form's field "Training one prompt".
  const COUPLINGS = { none: "leaves the others alone", shared: "mostly helps the others", interference: "helps some, harms others" };

  // How unlike a world is, in units in which 1 is a difference that matters, with the reasons in words.
  function distance(world, wish) {
    const parts = [
      [Math.abs(world.passRate - wish.passRate) / 0.15, `mean pass rate ${world.passRate.toFixed(2)}, yours ${wish.passRate.toFixed(2)}`],
      [Math.abs(world.rewardVariance - wish.rewardVariance) / 0.05,
        `mean reward variance ${world.rewardVariance.toFixed(3)}, yours ${wish.rewardVariance.toFixed(3)}`],
      [Math.abs(Math.log2(world.groupSize / wish.groupSize)), `groups of ${world.groupSize}, yours ${wish.groupSize}`],
      [Math.abs(Math.log2(world.passes / wish.passes)) / 2,
        `${world.passes.toFixed(1)} passes over the pool, yours ${wish.passes.toFixed(1)}`],
      [wish.coupling === "unknown" || wish.coupling === world.coupling ? 0 : 1.5,
        `training one prompt ${COUPLINGS[world.coupling]}`],
      [wish.noisy === world.noisy ? 0 : 1.5, world.noisy ? "a noisy verifier" : "an exact verifier"],
    ];
    return {
      total: parts.reduce((sum, [size]) => sum + size, 0),
      differences: parts.filter(([size]) => size >= 1).map(([, text]) => text),
    };
  }

  // What speaks against an arm, or nothing: it has to win at one learning rate and at tuned ones, by both intervals,
  // and no training, of the language model or of small networks, must speak against it.
  function against(arm) {
    if (!(arm.gain_low > 0)) return "it does not win at one learning rate";
    if (!(arm.tuned && arm.tuned.gain_low > 0)) return "it does not win at tuned learning rates";
    return arm.contradicted;
  }

  // The closest world and what is recommended there; of all worlds that are as close, the name and the best arm.
  function recommend(worlds, wish) {
    const ranked = worlds.map((world) => ({ world, ...distance(world, wish) })).sort((one, other) => one.total - other.total);
    const closest = ranked.filter(({ total }) => total - ranked[0].total < 1e-9).map(({ world }) => world);
    const ties = closest.map((world) => ({ name: world.name, coupling: world.coupling, arm: recommendIn(world).best.name }));
    return { ...recommendIn(ranked[0].world), differences: ranked[0].differences, ties };
  }

  // Where several worlds are equally close, what is recommended in which; nothing where one is the closest.
  function tied(ties) {
    if (ties.length < 2) return "";
    const number = ["Two", "Three", "Four", "Five"][ties.length - 2] ?? ties.length;
    const apart = new Set(ties.map(({ coupling }) => coupling)).size === ties.length;
    const worlds = `${number} worlds are equally close${apart ? "; they differ in how training one prompt affects others" : ""}.`;
    const arms = [...new Set(ties.map(({ arm }) => arm))];
    const places = (arm) => ties.filter((place) => place.arm === arm).map(({ name }) => name).join(" and ");
    const each = arms.length === 1 ? `${arms[0]} in all of them` : arms.map((arm) => `${arm} in ${places(arm)}`).join(", ");
    return `${worlds} Recommended: ${each}.${apart ? " Choose under “Your world”." : ""} `;
  }

  // A world, the arm that nothing speaks against and whose smaller gain is the largest, uniform sampling where there is
  // none, every such arm that cannot be told from it, and the arm that looks best at one rate.
  function recommendIn(world) {
    const arms = world.arms.filter((arm) => arm.trainable);
    const sound = arms.filter((arm) => arm.name !== "uniform" && against(arm) === "");
    const least = (arm) => Math.min(arm.gain, arm.tuned.gain);
    const uniform = arms.find((arm) => arm.name === "uniform");
    const best = sound.reduce((one, other) => (one === uniform || least(other) > least(one) ? other : one), uniform);
    const level = sound.filter((arm) => arm !== best && (arm.gain_high >= best.gain_low || arm.tuned.gain_high >= best.tuned.gain_low));
    const first = arms.reduce((one, other) => (other.gain > one.gain ? other : one));
    return { world, arms, best, level, passedOver: first !== best && against(first) ? first : null };
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

  const KNOWLEDGE = {
    "vas-states": 'vas = VASConfig(features="hidden_states")',
    "vas-own": 'vas = VASConfig(pass_rate_column="pass_rate", pass_rate_trials="pass_rate_trials")',
  };

  // What to change in a TRL script: the trainer draws by the recommended arm, or by the sampler as set on the page;
  // beside it, as remarks, what learned more in trained networks, and the sampler as set here in verl.
  function snippet(settings, best, helped) {
    const lines = ["from full_scale import VASConfig, VASGRPOTrainer", ""];
    const known = helped.filter((arm) => KNOWLEDGE[arm]).map((arm) => `# ${KNOWLEDGE[arm]}`);
    if (known.length) lines.push("# What learned more than uniform sampling in trained networks, in place of the line below:", ...known);
    const terms = settings.score === "vps" ? `, "alpha": ${real(settings.alpha)}, "beta": ${real(settings.beta)}` : "";
    if (best.name === "uniform") {
      lines.push("# The advice is uniform sampling: TRL as it is. To compare, this is VAS as set on the page.");
    } else if (!best.trl) {
      lines.push(`# ${best.name} takes several rounds of rollouts a step, which TRL does not; this is VAS as set on the page.`);
    }
    if (best.trl && !["uniform", "vas"].includes(best.name)) {
      lines.push(`vas = VASConfig(strategy="${best.name}")`);
    } else {
      if (settings.periodic) lines.push("# TRL has no rollouts for scores alone: the scores are those of the training groups.");
      lines.push(`vas = VASConfig(mixture_ratio=${plain(settings.mixtureRatio)}, sampler={"score": "${settings.score}"${terms}})`);
    }
    lines.push("trainer = VASGRPOTrainer(model, reward_funcs=reward, args=config, train_dataset=prompts, vas=vas)", "");
    const other = best.trl && !["uniform", "vas"].includes(best.name);
    const weighs = settings.score === "vps" && settings.beta > 0;
    lines.push(
      `# In verl 0.9, ${other ? `which has no ${best.name}, the sampler as set on the page` : "the same sampler"}, added to the command that trains today`
        + (weighs ? " (beta = 0: verl tells no diversity):" : ":"),
      "# python -m verl.trainer.main_ppo trainer.v1.trainer_mode=vas data.dataloader_num_workers=0 \\",
      `#     +trainer.v1.vas.mixture_ratio=${plain(settings.mixtureRatio)} +trainer.v1.vas.sampler.score=${settings.score}${
        settings.score === "vps" ? ` +trainer.v1.vas.sampler.alpha=${plain(weighs && settings.alpha === 0 ? 1 : settings.alpha)} +trainer.v1.vas.sampler.beta=0` : ""} ...`, "",
    );
    return lines.join("\n");
  }

  // A study of uniform sampling, of VAS as set on the page and of the recommended arm, for `full_scale --config`.
  function toml(settings, steps, recommended) {
    const own = ["uniform", settings.periodic ? "vas-paper" : "vas"];
    const third = own.includes(recommended) ? [] : ["", "[[arms]]", `name = "${recommended}"`, `strategy = "${recommended}"`];
    return [
      "# Settings from the explorer: uniform sampling, VAS as set there, and the recommended arm.",
      "[rollouts]", `prompts_per_step = ${settings.batchSize}`, `group_size = ${settings.groupSize}`, "",
      "[training]", `steps = ${steps}`, "",
      "[[arms]]", 'name = "uniform"', 'strategy = "uniform"', "",
      "[[arms]]", 'name = "vas-as-set"', ...sampler(settings), ...third, "",
    ].join("\n");
  }

  return { distance, against, recommend, tied, snippet, toml };
})();
