(* B25 and B54: the expected gain of a one-sample step with the mean reward as its baseline, for every number of arms. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Kappa Paths.
Import ListNotations.
Open Scope R_scope.
(* e^(-y) >= 1 - y + y^2/2 - y^3/6 for y >= 0 *)
Lemma exp_neg_at_least y : 0 <= y -> 1 - y + y^2 / 2 - y^3 / 6 <= exp (- y).
Proof.
  intros Hy.
  assert (B := convex_start (fun t => exp (- t) - (1 - t + t^2 / 2 - t^3 / 6)) (fun t => - exp (- t) + 1 - t + t^2 / 2) (fun t => exp (- t) - 1 + t) y Hy).
  cbv beta in B. rewrite Ropp_0, exp_0 in B. assert (G : 1 - (1 - 0 + 0^2 / 2 - 0^3 / 6) <= exp (- y) - (1 - y + y^2 / 2 - y^3 / 6)); [| lra].
  apply B; [field | | |].
  - intros t _. auto_derive; [trivial | field].
  - intros t _. auto_derive; [trivial | field].
  - intros t _. assert (I := exp_ineq1_le (- t)). lra.
Qed.
Lemma threshold X : X = 2 * 1.644491 * 0.2318 -> exp X - 1 - X <= X / 2.
Proof.
  intros HX. assert (L := exp_neg_at_least (X / 8) ltac:(lra)). set (y := exp (- (X / 8))) in *. assert (y0 : 0 < y) by apply exp_pos.
  assert (E : exp X * y^8 = 1).
  { unfold y. assert (P : forall n z, exp z ^ n = exp (INR n * z)) by (induction n; intros z; [simpl; rewrite Rmult_0_l, exp_0; reflexivity | rewrite S_INR; replace ((INR n + 1) * z) with (z + INR n * z) by ring; rewrite exp_plus, <- IHn; reflexivity]).
    rewrite P, <- exp_plus. replace (X + INR 8 * - (X / 8)) with 0 by (simpl; field). apply exp_0. }
  assert (L' : 0.909095 <= y) by (clearbody y; rewrite HX in L; lra).
  assert (L8 : 0.909095 ^ 8 <= y^8) by (apply pow_incr; lra). assert (E0 := exp_pos X). clearbody y.
  assert (N : exp X * 0.909095 ^ 8 <= 1) by nra. rewrite HX in *. lra.
Qed.
Section SampleStep.
Variables (K : nat) (r th : nat -> R) (eta k : R).
Hypothesis HK : (0 < K)%nat.
Hypothesis Hk : is_kappa k.
Notation arms := (seq 0 K).
Notation V := (value K r).
Notation squares f := (sum_over (fun i => f i ^2) arms).
Notation p := (softmax K th).
Notation gradient := (partial K r th).
Definition gradient_norm := sqrt (squares gradient). (* |grad V| *)
Definition mean_reward := sum_over r arms / INR K.
Definition rho := sqrt (sum_over (fun i => (r i - mean_reward)^2) arms).
(* theta + eta (r_y - V) (e_y - pi) after the draw of arm y *)
Definition sample_step y j := eta * (r y - V th) * ((if Nat.eq_dec j y then 1 else 0) - p j).
Definition expected_gain := sum_over (fun y => p y * (V (fun j => th j + sample_step y j) - V th)) arms. (* E V(theta+) - V(theta) *)
Hypothesis Hr : exists i j, (i < K)%nat /\ (j < K)%nat /\ r i <> r j.
Hypothesis Heta : 0 < eta.
Lemma p_nonneg a : In a arms -> 0 <= p a.
Proof. intros _. left. apply softmax_pos. assumption. Qed.
Lemma p_sum1 : sum_over p arms = 1.
Proof. apply softmax_sum1. assumption. Qed.
Lemma squares_nonneg f : 0 <= squares f.
Proof. apply sum_nonneg. intros. apply pow2_ge_0. Qed.
Lemma gradient_norm2 : gradient_norm ^2 = squares gradient.
Proof. unfold gradient_norm. rewrite <- Rsqr_pow2. apply Rsqr_sqrt, squares_nonneg. Qed.
Lemma gradient_eq i : In i arms -> gradient i = p i * (r i - V th).
Proof. intros Hi. rewrite partial_eq by assumption. reflexivity. Qed.
Lemma rho2 : rho ^2 = sum_over (fun i => (r i - mean_reward)^2) arms.
Proof. unfold rho. rewrite <- Rsqr_pow2. apply Rsqr_sqrt. apply sum_nonneg. intros. apply pow2_ge_0. Qed.
Lemma pair_at_most_rho y j : (y < K)%nat -> (j < K)%nat -> (r y - r j)^2 <= 2 * rho ^2.
Proof.
  intros Hy Hj. rewrite rho2. set (m := mean_reward). destruct (Nat.eq_dec j y) as [-> | n].
  - replace ((r y - r y)^2) with 0 by ring. apply Rmult_le_pos; [lra | apply sum_nonneg; intros; apply pow2_ge_0].
  - assert (B : (r y - m)^2 + (r j - m)^2 <= sum_over (fun i => (r i - m)^2) arms).
    { rewrite <- (sum_one (fun i => (r i - m)^2) y arms) at 1 by (try apply seq_NoDup; apply in_seq; lia).
      rewrite <- (sum_one (fun i => (r i - m)^2) j arms) at 1 by (try apply seq_NoDup; apply in_seq; lia).
      rewrite <- sum_plus. apply sum_le. intros i _. assert (S := pow2_ge_0 (r i - m)).
      destruct (Nat.eq_dec i y), (Nat.eq_dec i j); subst; try lia; lra. }
    assert (0 <= ((r y - m) + (r j - m))^2) by apply pow2_ge_0. lra.
Qed.
Lemma rho_pos : 0 < rho.
Proof.
  destruct Hr as (i & j & Hi & Hj & n). assert (B := pair_at_most_rho i j Hi Hj). assert (0 <= rho) by apply sqrt_pos.
  destruct (Req_dec rho 0) as [z | nz]; [| lra]. exfalso. apply n. rewrite z in B. nra.
Qed.
(* |r_y - V|^2 <= 2 rho^2 *)
Lemma advantage_at_most_rho y : (y < K)%nat -> (r y - V th)^2 <= 2 * rho ^2.
Proof.
  intros Hy. apply Rle_trans with (sum_over (fun j => p j * (r y - r j)^2) arms).
  - assert (C := cauchy_schwarz p (fun _ => 1) (fun j => r y - r j) arms p_nonneg). cbv beta in C.
    rewrite (sum_ext (fun a => p a * 1 ^2) p) in C by (intros; ring). rewrite p_sum1, Rmult_1_l in C.
    rewrite (sum_comb [(r y, p); (-1, fun j => p j * r j)] (fun a => p a * 1 * (r y - r a))) in C by (intros; cbn [comb]; ring).
    cbn [comb_sum] in C. rewrite p_sum1 in C. change (sum_over (fun j => p j * r j) arms) with (V th) in C.
    replace (r y * 1 + (-1 * V th + 0)) with (r y - V th) in C by ring. exact C.
  - apply Rle_trans with (sum_over (fun j => p j * (2 * rho ^2)) arms).
    + apply sum_le. intros j Hj. apply Rmult_le_compat_l; [apply p_nonneg; assumption |]. apply in_seq in Hj. apply pair_at_most_rho; lia.
    + rewrite (sum_comb [(2 * rho ^2, p)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite p_sum1. lra.
Qed.
(* |delta|^2 <= 2 eta^2 (r_y - V)^2 *)
Lemma step_length y : (y < K)%nat -> squares (sample_step y) <= 2 * eta ^2 * (r y - V th)^2.
Proof.
  intros Hy. unfold sample_step.
  rewrite (sum_comb [(eta ^2 * (r y - V th)^2, fun j => if Nat.eq_dec j y then 1 - 2 * p j else 0); (eta ^2 * (r y - V th)^2, fun j => p j ^2)]) by (intros j _; cbn [comb]; destruct (Nat.eq_dec j y); ring).
  cbn [comb_sum]. rewrite (sum_one (fun j => 1 - 2 * p j) y arms) by (try apply seq_NoDup; apply in_seq; lia).
  assert (P2 : squares p <= 1) by (replace 1 with ((sum_over p arms)^2) by (rewrite p_sum1; ring); apply sum_squares_le; apply p_nonneg).
  assert (P0 := p_nonneg y ltac:(apply in_seq; lia)).
  assert (0 <= eta ^2 * (r y - V th)^2) by (apply Rmult_le_pos; apply pow2_ge_0).
  assert (eta ^2 * (r y - V th)^2 * (1 - 2 * p y + squares p) <= eta ^2 * (r y - V th)^2 * 2) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma variance_at_most : variance K r th <= rho * gradient_norm.
Proof.
  assert (B := gradient_at_least_variance_over_rho K r th HK mean_reward). change (Derivative.arms K) with arms in B.
  rewrite <- rho2, <- gradient_norm2 in B. assert (0 <= rho) by apply sqrt_pos. assert (0 <= gradient_norm) by apply sqrt_pos.
  apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2; replace ((rho * gradient_norm)^2) with (gradient_norm ^2 * rho ^2) by ring; exact B | apply Rmult_le_pos; assumption].
Qed.
Lemma mean_first_order : sum_over (fun y => p y * sum_over (fun j => gradient j * sample_step y j) arms) arms = eta * gradient_norm ^2.
Proof.
  rewrite gradient_norm2. set (gp := sum_over (fun j => gradient j * p j) arms).
  rewrite (sum_ext _ (fun y => eta * gradient y ^2 - eta * gp * gradient y)).
  - rewrite (sum_comb [(eta, fun y => gradient y ^2); (- (eta * gp), gradient)]) by (intros; cbn [comb]; ring). cbn [comb_sum].
    assert (G0 : sum_over gradient arms = 0) by (rewrite (sum_ext _ (Tabular.grad arms p r) _ (fun a Ha => gradient_eq a Ha)); apply grad_sum0, p_sum1). rewrite G0. ring.
  - intros y Hy. assert (Ey := gradient_eq y Hy).
    rewrite (sum_comb [(eta * (r y - V th), fun j => if Nat.eq_dec j y then gradient j else 0); (- (eta * (r y - V th)), fun j => gradient j * p j)] (fun j => gradient j * sample_step y j)) by (intros j _; unfold sample_step; cbn [comb]; destruct (Nat.eq_dec j y); ring).
    cbn [comb_sum]. rewrite (sum_one gradient y arms) by (try apply seq_NoDup; assumption). fold gp. rewrite Ey. ring.
Qed.
Definition reach := 2 * k * eta * rho. (* x *)
Lemma gain_at_least : let x := 2 * k * eta * rho in
  eta * gradient_norm ^2 * (1 - (exp x - 1 - x) / x) <= expected_gain.
Proof.
  intros x. assert (k0 : 0 < k) by (destruct (kappa_digits k Hk); lra). assert (R0 := rho_pos).
  assert (x0 : 0 < x) by (unfold x; repeat apply Rmult_lt_0_compat; lra). assert (g0 : 0 <= gradient_norm) by apply sqrt_pos.
  set (rest := exp x - 1 - x). assert (rest0 : 0 <= rest) by (assert (I := exp_ineq1_le x); unfold rest; lra).
  set (c := gradient_norm / k * (k^2 / x^2 * rest)).
  assert (c0 : 0 <= c).
  { unfold c. apply Rmult_le_pos; [apply Rmult_le_pos; [assumption | left; apply Rinv_0_lt_compat; assumption] |].
    apply Rmult_le_pos; [| assumption]. apply Rmult_le_pos; [apply pow2_ge_0 | left; apply Rinv_0_lt_compat, pow_lt; assumption]. }
  apply Rle_trans with (sum_over (fun y => p y * (sum_over (fun j => gradient j * sample_step y j) arms - c * (2 * eta ^2 * (r y - V th)^2))) arms).
  - rewrite (sum_comb [(1, fun y => p y * sum_over (fun j => gradient j * sample_step y j) arms); (- (2 * c * eta ^2), fun y => p y * (r y - V th)^2)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. rewrite mean_first_order. change (sum_over (fun y => p y * (r y - V th)^2) arms) with (variance K r th).
    assert (B : 2 * c * eta ^2 * variance K r th <= 2 * c * eta ^2 * (rho * gradient_norm)).
    { apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | apply pow2_ge_0] | apply variance_at_most]. }
    apply Rle_trans with (eta * gradient_norm ^2 - 2 * c * eta ^2 * (rho * gradient_norm)); [| lra].
    right. unfold c. fold rest. unfold x. field. repeat split; lra.
  - unfold expected_gain. apply sum_le. intros y Hy. assert (Iy := Hy). apply in_seq in Iy. apply Rmult_le_compat_l; [apply p_nonneg; assumption |].
    assert (G := step_gain_at_least K r HK k th (sample_step y) Hk). cbv zeta in G. fold gradient_norm in G.
    eapply Rle_trans; [| exact G]. apply Rplus_le_compat_l, Ropp_le_contravar.
    assert (L := step_length y ltac:(lia)). assert (A := advantage_at_most_rho y ltac:(lia)). assert (S0 := squares_nonneg (sample_step y)).
    set (s := squares (sample_step y)) in *. set (z := k * sqrt s).
    assert (zz : z^2 = k^2 * s) by (unfold z; replace ((k * sqrt s)^2) with (k^2 * (sqrt s * sqrt s)) by ring; rewrite sqrt_sqrt by assumption; reflexivity).
    assert (z0 : 0 <= z) by (apply Rmult_le_pos; [lra | apply sqrt_pos]).
    assert (zx : z <= x).
    { apply Rsqr_incr_0_var; [| lra]. rewrite !Rsqr_pow2, zz. unfold x. replace ((2 * k * eta * rho)^2) with (k^2 * (4 * eta ^2 * rho ^2)) by ring.
      apply Rmult_le_compat_l; [apply pow2_ge_0 |]. assert (0 <= eta ^2) by apply pow2_ge_0. assert (eta ^2 * (r y - V th)^2 <= eta ^2 * (2 * rho ^2)) by (apply Rmult_le_compat_l; assumption). lra. }
    assert (Rm := remainder_increases z x (conj z0 zx) x0). fold rest in Rm. rewrite zz in Rm.
    apply Rle_trans with (gradient_norm / k * (k^2 * s / x^2 * rest)).
    + apply Rmult_le_compat_l; [apply Rmult_le_pos; [assumption | left; apply Rinv_0_lt_compat; assumption] | exact Rm].
    + replace (gradient_norm / k * (k^2 * s / x^2 * rest)) with (c * s) by (unfold c; field; split; lra). apply Rmult_le_compat_l; assumption.
Qed.
(* B54 *)
Theorem one_sample_gain : expected_gain >= eta * gradient_norm ^2 * (1 - (exp reach - 1 - reach) / reach).
Proof. apply Rle_ge. exact gain_at_least. Qed.
(* B54: at least half up to eta rho = 0.2318 *)
Theorem one_sample_gain_half : eta * rho <= 0.2318 -> expected_gain >= eta / 2 * gradient_norm ^2.
Proof.
  intros Hs. apply Rle_ge. assert (B := gain_at_least). cbv zeta in B. assert (D := kappa_digits k Hk). assert (R0 := rho_pos).
  set (x := 2 * k * eta * rho) in *. assert (er : 0 < eta * rho) by (apply Rmult_lt_0_compat; lra).
  assert (x0 : 0 < x) by (unfold x; replace (2 * k * eta * rho) with (2 * k * (eta * rho)) by ring; apply Rmult_lt_0_compat; lra).
  set (X := 2 * 1.644491 * 0.2318). assert (xX : x <= X).
  { unfold x, X. replace (2 * k * eta * rho) with (2 * (k * (eta * rho))) by ring. rewrite (Rmult_assoc 2 1.644491). apply Rmult_le_compat_l; [lra |]. apply Rmult_le_compat; lra. }
  assert (X0 : 0 < X) by (unfold X; lra).
  assert (Rm := remainder_increases x X (conj (Rlt_le _ _ x0) xX) X0).
  assert (EX : exp X - 1 - X <= X / 2) by (apply threshold; reflexivity).
  assert (Half : (exp x - 1 - x) / x <= / 2).
  { apply Rmult_le_reg_r with x; [assumption |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rle_trans with (x^2 / X^2 * (X / 2)).
    - eapply Rle_trans; [exact Rm |]. apply Rmult_le_compat_l; [| exact EX]. apply Rmult_le_pos; [apply pow2_ge_0 | left; apply Rinv_0_lt_compat, pow_lt; assumption].
    - replace (x^2 / X^2 * (X / 2)) with (x / 2 * (x / X)) by (field; lra).
      assert (x / X <= 1) by (apply Rmult_le_reg_r with X; [assumption |]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
      assert (x / 2 * (x / X) <= x / 2 * 1) by (apply Rmult_le_compat_l; lra). lra. }
  eapply Rle_trans; [| exact B]. assert (0 <= eta * gradient_norm ^2) by (apply Rmult_le_pos; [lra | apply pow2_ge_0]).
  assert (eta * gradient_norm ^2 * / 2 <= eta * gradient_norm ^2 * (1 - (exp x - 1 - x) / x)) by (apply Rmult_le_compat_l; lra). lra.
Qed.
(* B25 *)
Theorem one_sample_gain_guaranteed : eta <= 0.1724 / rho ->
  expected_gain >= eta / 2 * gradient_norm ^2 /\ eta / 2 * gradient_norm ^2 >= eta * variance K r th ^2 / (2 * rho ^2).
Proof.
  intros He. assert (R0 := rho_pos). split.
  - apply one_sample_gain_half. apply Rmult_le_compat_r with (r := rho) in He; [| lra]. unfold Rdiv in He. rewrite Rmult_assoc, Rinv_l in He by lra. lra.
  - apply Rle_ge. assert (B := gradient_at_least_variance_over_rho K r th HK mean_reward). change (Derivative.arms K) with arms in B. rewrite <- rho2, <- gradient_norm2 in B.
    assert (0 < rho ^2) by (apply pow_lt; assumption).
    apply Rmult_le_reg_r with (2 * rho ^2); [lra |]. replace (eta * variance K r th ^2 / (2 * rho ^2) * (2 * rho ^2)) with (eta * variance K r th ^2) by (field; lra).
    replace (eta / 2 * gradient_norm ^2 * (2 * rho ^2)) with (eta * (gradient_norm ^2 * rho ^2)) by field. apply Rmult_le_compat_l; lra.
Qed.
End SampleStep.
