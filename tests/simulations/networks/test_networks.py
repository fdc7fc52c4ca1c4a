"""The merged trees compute what plain transformers compute: attention, sampling, gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from simulations.networks.model import kernels  # noqa: E402
from simulations.networks.model.attention import Tree, path_attention, path_attention_gathered  # noqa: E402
from simulations.networks.model.sampling import Job, prompt_features, sample  # noqa: E402
from simulations.networks.model.transformer import Networks, parameter_count  # noqa: E402
from simulations.networks.model.updating import Batch, Optimiser, gradients  # noqa: E402
from simulations.networks.world import ModelShape  # noqa: E402
from simulations.networks.worlds import get_world  # noqa: E402
from simulations.networks.worlds.chains import Chains  # noqa: E402

SMALL = ModelShape(width=16, layers=2, heads=2, expansion=2)


@dataclass(frozen=True)
class Ending(Chains):
    """Chains whose responses end early, at the value 22."""

    end = 22


CHAINS = Chains("chains", "", "", model=SMALL)
ENDING = Ending("ending", "", "", model=SMALL)


def networks(world: Chains = CHAINS, count: int = 3) -> Networks:
    made = Networks.fresh(world, range(count))
    made.matrices["head"].mul_(30)  # so that some tokens are much likelier than others
    return made


def plain_logprobs(world: Chains, weights: dict[str, object], tokens_L: torch.Tensor) -> torch.Tensor:
    """Return the log-probabilities after each token of one sequence, from a transformer without any tricks."""
    width, heads = world.model.width, world.model.heads
    size = width // heads

    def norm(x: torch.Tensor) -> torch.Tensor:
        return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()

    def turn(x: torch.Tensor) -> torch.Tensor:
        half = size // 2
        angle = torch.arange(len(x))[:, None, None] * 100.0 ** (-torch.arange(half) / half)
        even, odd = x[..., 0::2], x[..., 1::2]
        turned = (even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos())
        return torch.stack(turned, -1).flatten(-2)

    x = weights["embedding"][tokens_L]
    for layer in range(world.model.layers):
        q, k, v = (norm(x) @ weights[f"attend{layer}"]).view(len(x), 3, heads, size).unbind(1)
        scores = torch.einsum("qhe,khe->hqk", turn(q), turn(k)) / size**0.5
        scores = scores.masked_fill(torch.ones(len(x), len(x)).triu(1) > 0, -torch.inf)
        mixed = torch.einsum("hqk,khe->qhe", scores.softmax(-1), v).reshape(len(x), width)
        x = x + mixed @ weights[f"collect{layer}"]
        x = x + torch.relu(norm(x) @ weights[f"widen{layer}"]).square() @ weights[f"narrow{layer}"]
    return (norm(x) @ weights["head"]).log_softmax(-1)


def job(world: Chains, prompts: int = 5, each: int = 6, seed: int = 0, **options: bool) -> Job:
    tokens_PL = world.prompts(np.random.default_rng(seed), prompts).tokens_PL
    keys_R = kernels.rollout_keys(seed, 0, np.repeat(np.arange(prompts), each), np.tile(np.arange(each), prompts))
    return Job(tokens_PL, np.full(prompts, each), keys_R, **options)


def row(stack: Networks, place: int) -> dict[str, torch.Tensor]:
    return {name: matrix[place].double() for name, matrix in stack.matrices.items()}


@pytest.mark.parametrize("world", [CHAINS, ENDING], ids=["fixed length", "with an end"])
def test_sampled_log_probabilities_are_those_of_a_plain_transformer(world: Chains) -> None:
    stack = networks(world)
    jobs = [job(world, prompts=4 + place, seed=place) for place in range(3)]
    ended = rollouts = 0
    for place, (asked, found) in enumerate(zip(jobs, sample(stack, jobs), strict=True)):
        rollouts += len(found.tokens_RT)
        for rollout, tokens_T in enumerate(found.tokens_RT):
            whole = torch.tensor([*asked.tokens_PL[rollout // 6], *tokens_T])
            logprobs = plain_logprobs(world, row(stack, place), whole)[world.prompt_length - 1 : -1]
            expected_T = logprobs[np.arange(world.response_length), tokens_T].numpy()
            if world.end is not None and world.end in tokens_T:
                first = tokens_T.tolist().index(world.end)
                assert (tokens_T[first:] == world.end).all()
                expected_T[first + 1 :] = 0
                ended += 1
            np.testing.assert_allclose(found.logprobs_RT[rollout], expected_T, atol=2e-5)
    assert world.end is None or 0 < ended < rollouts


def test_tokens_come_as_often_as_their_probabilities_say() -> None:
    stack = networks(count=1)
    asked = job(CHAINS, prompts=1, each=20_000)
    tokens_R = sample(stack, [asked])[0].tokens_RT[:, 0]
    prompt_L = torch.from_numpy(asked.tokens_PL[0])
    expected_A = plain_logprobs(CHAINS, row(stack, 0), prompt_L)[-1].exp().numpy()
    shares_A = np.bincount(tokens_R, minlength=23) / len(tokens_R)
    np.testing.assert_allclose(shares_A, expected_A, atol=0.016)  # 4.5 standard errors of a share of one half
    greedy = sample(stack, [job(CHAINS, prompts=1, each=2, greedy=True)])[0].tokens_RT[:, 0]
    assert (greedy == expected_A.argmax()).all()


def test_a_network_writes_the_same_alone_and_in_a_stack_and_in_pieces() -> None:
    stack = networks()
    jobs = [job(CHAINS, prompts=70, each=2, seed=place) for place in range(3)]
    together = sample(stack, jobs)
    for place in range(3):
        alone = sample(stack.take([place]), [jobs[place]])[0]
        np.testing.assert_array_equal(alone.tokens_RT, together[place].tokens_RT)
    again = sample(stack, jobs)
    for one, other in zip(together, again, strict=True):
        np.testing.assert_array_equal(one.logprobs_RT, other.logprobs_RT)


@pytest.mark.parametrize("world", [CHAINS, ENDING], ids=["fixed length", "with an end"])
@pytest.mark.parametrize("stale", [False, True])
def test_gradients_of_merged_trees_are_those_of_single_sequences(world: Chains, stale: bool) -> None:
    stack = networks(world)
    sampler = networks(world)
    if stale:  # sampled by other weights, so that ratios differ from 1 and some are clipped
        noise = torch.Generator().manual_seed(1)
        sampler.flat_SN.add_(torch.randn(sampler.flat_SN.shape, generator=noise), alpha=0.02)
    jobs = [job(world, prompts=3 + place, each=6, seed=place) for place in range(3)]
    batches = []
    rng = np.random.default_rng(2)
    for asked, found in zip(jobs, sample(sampler, jobs), strict=True):
        sizes = np.full(len(asked.tokens_PL), 6)
        batches.append(Batch(asked.tokens_PL, sizes, found.tokens_RT, found.logprobs_RT, rng.normal(size=sizes.sum())))
    flat = gradients(stack, batches, clip_low=0.1, clip_high=0.2)
    clipped = 0
    for place, batch in enumerate(batches):
        weights = {name: matrix.requires_grad_(True) for name, matrix in row(stack, place).items()}
        loss = torch.zeros((), dtype=torch.float64)
        for rollout, weight in enumerate(batch.weights_R):
            tokens_T = batch.responses_RT[rollout]
            whole = torch.tensor([*batch.prompts_PL[rollout // 6], *tokens_T])
            logprobs = plain_logprobs(world, weights, whole)[world.prompt_length - 1 : -1]
            ended = world.end is not None and world.end in tokens_T
            length = tokens_T.tolist().index(world.end) + 1 if ended else world.response_length
            own_T = logprobs[np.arange(length), tokens_T[:length]]
            ratio_T = (own_T - torch.from_numpy(batch.logprobs_RT[rollout, :length]).double()).exp()
            bounded_T = ratio_T.clamp(0.9, 1.2)
            clipped += int((torch.minimum(ratio_T * weight, bounded_T * weight) < ratio_T * weight - 1e-9).sum())
            loss = loss - torch.minimum(ratio_T * weight, bounded_T * weight).sum()
        loss.backward()
        expected = torch.cat([weights[name].grad.flatten() for name in stack.matrices])
        scale = float(expected.abs().max())
        np.testing.assert_allclose(flat[place].double().numpy() / scale, expected.numpy() / scale, atol=2e-5)
    assert (clipped > 0) == stale


def test_compiled_attention_equals_gathered_attention_and_so_do_its_gradients() -> None:
    generator = torch.Generator().manual_seed(3)
    parents_SC = np.array([[-1, 0, 1, 1, 0, -1, 5], [-1, 0, 0, 1, 3, -1, -1]])
    tree = Tree(parents_SC, np.broadcast_to(np.arange(7), (2, 7)), np.array([7, 5]), 4)
    parts = [torch.randn(2, 7, 2, 8, generator=generator) for _ in range(4)]
    found = []
    for attention in (path_attention, path_attention_gathered):
        inputs = [part.clone().requires_grad_(True) for part in parts[:3]]
        out = attention(*inputs, tree)
        (out * parts[3]).sum().backward()
        found.append([out, *(part.grad for part in inputs)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    assert (found[0][0][1, 5:] == 0).all()  # padding


def test_supervised_gradients_are_those_of_the_log_likelihood() -> None:
    stack = networks(count=1)
    prompts_NL, responses_NT = CHAINS.demonstrations(np.random.default_rng(0), 10)
    blank = np.zeros(responses_NT.shape, np.float32)
    flat = gradients(
        stack, [Batch(prompts_NL, np.ones(10, np.int64), responses_NT, blank, np.full(10, 0.1))], supervised=True
    )
    weights = {name: matrix.requires_grad_(True) for name, matrix in row(stack, 0).items()}
    loss = torch.zeros((), dtype=torch.float64)
    for prompt_L, response_T in zip(prompts_NL, responses_NT, strict=True):
        whole = torch.tensor([*prompt_L, *response_T])
        logprobs = plain_logprobs(CHAINS, weights, whole)[CHAINS.prompt_length - 1 : -1]
        loss = loss - 0.1 * logprobs[np.arange(len(response_T)), response_T].sum()
    loss.backward()
    expected = torch.cat([weights[name].grad.flatten() for name in stack.matrices])
    scale = float(expected.abs().max())
    np.testing.assert_allclose(flat[0].double().numpy() / scale, expected.numpy() / scale, atol=2e-5)


def test_every_network_has_its_own_learning_rate_and_norm_limit() -> None:
    stack = Networks(CHAINS, torch.zeros(3, parameter_count(CHAINS)))
    optimiser = Optimiser(stack, [0.1, 0.2, 0.3], largest_norm=1.0)
    grad = torch.zeros_like(stack.flat_SN[:2])
    grad[0, 0], grad[1, 0] = 5.0, -0.5
    norms = optimiser.step([0, 2], grad)
    np.testing.assert_allclose(norms, [5.0, 0.5], rtol=1e-6)
    # AdamW's first step has the size of the learning rate, whatever the gradient's
    np.testing.assert_allclose(stack.flat_SN[:, 0].numpy(), [-0.1, 0.0, 0.3], rtol=1e-5)
    np.testing.assert_allclose(grad[:, 0].numpy(), [1.0, -0.5], rtol=1e-4)


def test_features_are_the_states_of_the_prompts_tokens() -> None:
    stack = networks()
    tokens = [CHAINS.prompts(np.random.default_rng(place), 66 + place).tokens_PL for place in range(3)]
    found = prompt_features(stack, tokens)
    for place in range(3):
        assert found[place].shape == (66 + place, 3 * SMALL.width)
        embedded = stack.matrices["embedding"][place].numpy()[tokens[place]].mean(axis=1)
        np.testing.assert_allclose(found[place][:, 2 * SMALL.width :], embedded, atol=1e-6)
        last = torch.from_numpy(found[place][:, : SMALL.width]) @ stack.matrices["head"][place].double()
        expected = plain_logprobs(CHAINS, row(stack, place), torch.from_numpy(tokens[place][65]))[-1]
        np.testing.assert_allclose(last[65].log_softmax(-1).numpy(), expected.numpy(), atol=2e-5)


def test_the_chain_world_has_about_158_thousand_parameters() -> None:
    assert 150_000 < parameter_count(get_world("chains-short")) < 165_000
