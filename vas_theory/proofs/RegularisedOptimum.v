(* C08, C17: the optimum of reward less beta KL over all policies, pi* ~ pi e^(r / beta), for rewards in {0, 1}: how much it
   gains and how far it is, each at least a multiple of the variance p (1 - p). *)
Require Import Reals Lra Psatz List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus TiltStep.
Import ListNotations.
Open Scope R_scope.

(* ln (1 - p + p e^s) - p s: zero with its slope at s = 0, its curvature is the variance of the tilted coin *)
Section Cumulant.
Variable p : R.
Hypothesis Hp : 0 <= p <= 1.
Definition mixture s := 1 - p + p * exp s.
Definition cumulant s := ln (mixture s) - p * s.
Definition tilted_chance s := p * exp s / mixture s.
Lemma mixture_positive s : 0 < mixture s.
Proof.
  unfold mixture. assert (E := exp_pos s). destruct (Req_dec p 0) as [-> | n]; [lra |]. assert (0 < p * exp s) by (apply Rmult_lt_0_compat; lra). lra.
Qed.
Lemma cumulant_derive s : is_derive cumulant s (tilted_chance s - p).
Proof. assert (M := mixture_positive s). unfold cumulant, tilted_chance, mixture in *. auto_derive; [lra |]. field. lra. Qed.
Lemma slope_derive s : is_derive (fun s => tilted_chance s - p) s (tilted_chance s * (1 - tilted_chance s)).
Proof. assert (M := mixture_positive s). unfold tilted_chance, mixture in *. auto_derive; [lra |]. field. lra. Qed.
Lemma cumulant_zero : cumulant 0 = 0.
Proof. unfold cumulant, mixture. rewrite exp_0. replace (1 - p + p * 1) with 1 by ring. rewrite ln_1. ring. Qed.
Lemma slope_zero : tilted_chance 0 - p = 0.
Proof. unfold tilted_chance, mixture. rewrite exp_0. field. lra. Qed.
Lemma twice_integrated (f f' f'' : R -> R) s : 0 <= s -> (forall x, is_derive f x (f' x)) -> (forall x, is_derive f' x (f'' x)) ->
  f 0 = 0 -> f' 0 = 0 -> (forall x, 0 <= x -> 0 <= f'' x) -> 0 <= f s.
Proof.
  intros Hs D1 D2 Z1 Z2 H. rewrite <- Z1. apply (nondecreasing f f'); [assumption | intros; apply D1 |].
  intros x Hx. rewrite <- Z2. apply (nondecreasing f' f''); [lra | intros; apply D2 |]. intros y Hy. apply H. lra.
Qed.
(* Hoeffding: the curvature is at most 1/4 *)
Lemma cumulant_at_most s : 0 <= s -> cumulant s <= s ^2 / 8.
Proof.
  intros Hs. assert (0 <= s ^2 / 8 - cumulant s); [| lra].
  apply (twice_integrated (fun x => x ^2 / 8 - cumulant x) (fun x => x / 4 - (tilted_chance x - p)) (fun x => 1 / 4 - tilted_chance x * (1 - tilted_chance x))).
  - assumption.
  - intros x. apply (is_derive_minus (fun x => x ^2 / 8) cumulant); [auto_derive; [trivial | field] | apply cumulant_derive].
  - intros x. apply (is_derive_minus (fun x => x / 4) (fun x => tilted_chance x - p)); [auto_derive; [trivial | field] | apply slope_derive].
  - rewrite cumulant_zero. field.
  - rewrite slope_zero. field.
  - intros x _. assert (S := pow2_ge_0 (tilted_chance x - 1 / 2)). lra.
Qed.
(* for s >= 0 the curvature is at least p (1 - p) e^(-s) *)
Lemma cumulant_at_least s : 0 <= s -> (s - 1 + exp (- s)) * (p * (1 - p)) <= cumulant s.
Proof.
  intros Hs. assert (0 <= cumulant s - (s - 1 + exp (- s)) * (p * (1 - p))); [| lra].
  apply (twice_integrated (fun x => cumulant x - (x - 1 + exp (- x)) * (p * (1 - p))) (fun x => (tilted_chance x - p) - (1 - exp (- x)) * (p * (1 - p)))
    (fun x => tilted_chance x * (1 - tilted_chance x) - exp (- x) * (p * (1 - p)))).
  - assumption.
  - intros x. apply (is_derive_minus cumulant (fun x => (x - 1 + exp (- x)) * (p * (1 - p)))); [apply cumulant_derive | auto_derive; [trivial | ring]].
  - intros x. apply (is_derive_minus (fun x => tilted_chance x - p) (fun x => (1 - exp (- x)) * (p * (1 - p)))); [apply slope_derive | auto_derive; [trivial | ring]].
  - rewrite cumulant_zero, Ropp_0, exp_0. ring.
  - rewrite slope_zero, Ropp_0, exp_0. ring.
  - intros x Hx. assert (M := mixture_positive x). assert (E1 : 1 <= exp x) by (assert (H := exp_ineq1_le x); lra).
    assert (Q : 0 <= p * (1 - p)) by (apply Rmult_le_pos; lra).
    assert (Le : mixture x <= exp x) by (unfold mixture; assert (0 <= (1 - p) * (exp x - 1)) by (apply Rmult_le_pos; lra); lra).
    rewrite exp_Ropp. replace (tilted_chance x * (1 - tilted_chance x) - / exp x * (p * (1 - p))) with (p * (1 - p) * ((exp x - mixture x) * (exp x + mixture x)) / (exp x * mixture x ^2)).
    + apply Rmult_le_pos; [apply Rmult_le_pos; [assumption | apply Rmult_le_pos; lra] | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; [lra | apply pow_lt; assumption]].
    + unfold tilted_chance. assert (Em : p * exp x = mixture x - (1 - p)) by (unfold mixture; ring).
      replace (1 - p * exp x / mixture x) with ((1 - p) / mixture x) by (rewrite Em; field; lra). field. split; lra.
Qed.
End Cumulant.

Section Optimum.
Context {A : Type} (arms : list A) (p r : A -> R) (beta : R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Hypothesis Hr : forall a, In a arms -> r a = 0 \/ r a = 1.
Hypothesis Hbeta : 0 < beta.
Definition optimum := tilt arms p r (/ beta).
Definition divergence (q q' : A -> R) := sum_over (fun a => q a * ln (q a / q' a)) arms. (* KL(q | q') *)
Definition penalised q := V arms q r - beta * divergence q p.
Let P := V arms p r.
Let N := sum_over (fun a => p a * exp (/ beta * r a)) arms.
Lemma pass_rate_range : 0 <= P <= 1.
Proof.
  unfold P, V. split; [apply sum_nonneg; intros a Ha; destruct (Hr a Ha) as [-> | ->]; specialize (Hp a Ha); lra |].
  rewrite <- H1. apply sum_le. intros a Ha. destruct (Hr a Ha) as [-> | ->]; specialize (Hp a Ha); lra.
Qed.
Lemma normaliser_eq : N = mixture P (/ beta).
Proof.
  unfold N, mixture. rewrite (sum_comb [(1, p); (exp (/ beta) - 1, fun a => p a * r a)]).
  - cbn [comb_sum]. rewrite H1. fold (V arms p r). fold P. ring.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; [rewrite Rmult_0_r, exp_0 | rewrite Rmult_1_r]; ring.
Qed.
Lemma optimum_pass_rate : V arms optimum r = P * exp (/ beta) / mixture P (/ beta).
Proof.
  assert (M := mixture_positive P pass_rate_range (/ beta)). unfold V, optimum, tilt. fold N. rewrite normaliser_eq.
  rewrite (sum_comb [(exp (/ beta) / mixture P (/ beta), fun a => p a * r a)]).
  - cbn [comb_sum]. fold (V arms p r). fold P. field. lra.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; [ring | rewrite !Rmult_1_r; field; lra].
Qed.
(* C08 *)
Theorem optimum_gain : (1 - exp (- / beta)) * (P * (1 - P)) <= V arms optimum r - P.
Proof.
  rewrite optimum_pass_rate. assert (R := pass_rate_range). assert (M := mixture_positive P R (/ beta)).
  assert (B : 0 < / beta) by (apply Rinv_0_lt_compat; assumption). assert (E := exp_ineq1_le (/ beta)). rewrite exp_Ropp. set (y := exp (/ beta)) in *.
  assert (0 <= P * exp (/ beta) / mixture P (/ beta) - P - (1 - / y) * (P * (1 - P))); [| fold y in H; lra]. fold y.
  replace (P * y / mixture P (/ beta) - P - (1 - / y) * (P * (1 - P))) with (P * ((1 - P) ^2 * (y - 1)^2) / (y * mixture P (/ beta))).
  - apply Rmult_le_pos; [apply Rmult_le_pos; [lra | apply Rmult_le_pos; apply pow2_ge_0] | left; apply Rinv_0_lt_compat, Rmult_lt_0_compat; lra].
  - unfold mixture in *. fold y in M |- *. clearbody P y. field. split; lra.
Qed.
Lemma divergence_eq : divergence p optimum = cumulant P (/ beta).
Proof.
  assert (M := mixture_positive P pass_rate_range (/ beta)). unfold divergence, cumulant.
  rewrite (sum_comb [(ln (mixture P (/ beta)), p); (- / beta, fun a => p a * r a)]); [cbn [comb_sum]; rewrite H1; fold (V arms p r); fold P; ring |].
  intros a Ha. cbn [comb]. destruct (Req_dec (p a) 0) as [-> | n]; [ring |]. unfold optimum, tilt. fold N. rewrite normaliser_eq.
  assert (E := exp_pos (/ beta * r a)). replace (p a / (p a * exp (/ beta * r a) / mixture P (/ beta))) with (mixture P (/ beta) * / exp (/ beta * r a)) by (field; repeat split; lra).
  rewrite ln_mult by (try apply Rinv_0_lt_compat; lra). rewrite ln_Rinv by lra. rewrite ln_exp. ring.
Qed.
(* C17 *)
Theorem optimum_divergence : (/ beta - 1 + exp (- / beta)) * (P * (1 - P)) <= divergence p optimum.
Proof. rewrite divergence_eq. apply cumulant_at_least; [apply pass_rate_range | left; apply Rinv_0_lt_compat; assumption]. Qed.
(* no policy does better than the optimum: the objective falls short by beta times the divergence from it *)
Theorem optimum_is_best q : (forall a, In a arms -> 0 <= q a) -> sum_over q arms = 1 -> (forall a, In a arms -> 0 < p a) -> penalised q <= penalised optimum.
Proof.
  intros Hq Hq1 Hpp. assert (M := mixture_positive P pass_rate_range (/ beta)). set (m := mixture P (/ beta)) in *.
  assert (O : forall a, In a arms -> optimum a = p a * exp (/ beta * r a) / m) by (intros a _; unfold optimum, tilt; fold N; rewrite normaliser_eq; reflexivity).
  assert (Opos : forall a, In a arms -> 0 < optimum a) by (intros a Ha; rewrite O by assumption; apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; [auto | apply exp_pos] | assumption]).
  assert (Osum : sum_over optimum arms = 1).
  { rewrite (sum_comb [(/ m, fun a => p a * exp (/ beta * r a))]) by (intros a Ha; cbn [comb]; rewrite O by assumption; field; lra). cbn [comb_sum]. fold N. rewrite normaliser_eq. fold m. field. lra. }
  assert (Form : forall w, (forall a, In a arms -> 0 <= w a) -> sum_over w arms = 1 -> penalised w = beta * ln m - beta * divergence w optimum).
  { intros w Hw Hw1. unfold penalised. assert (E : divergence w optimum = divergence w p + ln m - / beta * V arms w r).
    { unfold divergence. rewrite (sum_comb [(1, fun a => w a * ln (w a / p a)); (ln m, w); (- / beta, fun a => w a * r a)]).
      - cbn [comb_sum]. rewrite Hw1. unfold V. ring.
      - intros a Ha. cbn [comb]. destruct (Req_dec (w a) 0) as [e | n]; [rewrite e; ring |]. assert (W : 0 < w a) by (specialize (Hw a Ha); lra). specialize (Hpp a Ha). assert (X := exp_pos (/ beta * r a)).
        rewrite O by assumption. replace (w a / (p a * exp (/ beta * r a) / m)) with (w a / p a * (m * / exp (/ beta * r a))) by (field; repeat split; lra).
        rewrite ln_mult; [| apply Rdiv_lt_0_compat; assumption | apply Rmult_lt_0_compat; [assumption | apply Rinv_0_lt_compat; assumption]].
        rewrite ln_mult by (try apply Rinv_0_lt_compat; assumption). rewrite ln_Rinv by assumption. rewrite ln_exp. ring. }
    rewrite E. field. lra. }
  assert (Self : divergence optimum optimum = 0).
  { unfold divergence. rewrite (sum_ext _ (fun _ => 0)); [apply sum_zero |]. intros a Ha. specialize (Opos a Ha). replace (optimum a / optimum a) with 1 by (field; lra). rewrite ln_1. ring. }
  assert (Gibbs : 0 <= divergence q optimum).
  { unfold divergence. apply Rle_trans with (sum_over (fun a => q a - optimum a) arms).
    - rewrite (sum_comb [(1, q); (-1, optimum)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite Hq1, Osum. lra.
    - apply sum_le. intros a Ha. specialize (Opos a Ha). destruct (Req_dec (q a) 0) as [e | n]; [rewrite e; unfold Rdiv; rewrite !Rmult_0_l; lra |]. assert (W : 0 < q a) by (specialize (Hq a Ha); lra).
      assert (L : ln (optimum a / q a) <= optimum a / q a - 1).
      { assert (X := exp_ineq1_le (ln (optimum a / q a))). rewrite exp_ln in X by (apply Rdiv_lt_0_compat; assumption). lra. }
      replace (q a / optimum a) with (/ (optimum a / q a)) by (field; split; lra). rewrite ln_Rinv by (apply Rdiv_lt_0_compat; assumption).
      assert (q a * ln (optimum a / q a) <= q a * (optimum a / q a - 1)) by (apply Rmult_le_compat_l; lra). replace (q a * (optimum a / q a - 1)) with (optimum a - q a) in H by (field; lra). lra. }
  rewrite (Form q Hq Hq1), (Form optimum) by (try assumption; intros a Ha; left; auto). rewrite Self. assert (0 <= beta * divergence q optimum) by (apply Rmult_le_pos; lra). lra.
Qed.
End Optimum.
