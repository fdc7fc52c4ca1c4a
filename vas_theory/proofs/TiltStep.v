(* B05: along the exponential tilt pi_eta ~ pi e^(eta r) the mean reward grows at the rate of its variance, for any finite list of arms. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus.
Import ListNotations.
Open Scope R_scope.

Section Tilt.
Context {A : Type} (arms : list A) (p r : A -> R).
Hypothesis Hp : forall a, In a arms -> 0 <= p a.
Hypothesis H1 : sum_over p arms = 1.
Definition tilt eta a := p a * exp (eta * r a) / sum_over (fun b => p b * exp (eta * r b)) arms. (* pi_eta *)
Definition tilted_mean eta := V arms (tilt eta) r.
Definition tilted_variance eta := Var arms (tilt eta) r.
Let m k eta := sum_over (fun a => p a * (r a ^ k * exp (eta * r a))) arms.
Lemma normaliser_positive eta : 0 < m 0 eta.
Proof.
  assert (N : forall a, In a arms -> 0 <= p a * (r a ^ 0 * exp (eta * r a))) by (intros a Ha; apply Rmult_le_pos; [auto | simpl; assert (H := exp_pos (eta * r a)); lra]).
  destruct (Rlt_le_dec 0 (m 0 eta)) as [|L]; [assumption | exfalso].
  assert (Z : sum_over p arms = 0).
  { rewrite (sum_ext p (fun _ => 0)); [apply sum_zero |]. intros a Ha. assert (M := sum_member (fun a => p a * (r a ^ 0 * exp (eta * r a))) arms a Ha N).
    cbv beta in M. fold (m 0 eta) in M. assert (E := exp_pos (eta * r a)). specialize (Hp a Ha). simpl in M. destruct (Req_dec (p a) 0); [assumption | exfalso].
    assert (0 < p a * (1 * exp (eta * r a))) by (apply Rmult_lt_0_compat; lra). lra. }
  lra.
Qed.
Lemma moment_derive k eta : is_derive (m k) eta (m (S k) eta).
Proof.
  unfold m. apply (sum_derive (fun a t => p a * (r a ^ k * exp (t * r a)))). intros a _. auto_derive; [trivial |]. simpl. ring.
Qed.
Lemma tilted_mean_eq eta : tilted_mean eta = m 1 eta / m 0 eta.
Proof.
  assert (Z := normaliser_positive eta). assert (E0 : sum_over (fun b => p b * exp (eta * r b)) arms = m 0 eta) by (apply sum_ext; intros; simpl; ring).
  unfold tilted_mean, V, tilt. rewrite E0. rewrite (sum_comb [(/ m 0 eta, fun a => p a * (r a ^ 1 * exp (eta * r a)))]); [cbn [comb_sum]; fold (m 1 eta); field; lra | intros; cbn [comb]; simpl; field; lra].
Qed.
Lemma tilted_variance_eq eta : tilted_variance eta = m 2 eta / m 0 eta - (m 1 eta / m 0 eta)^2.
Proof.
  assert (Z := normaliser_positive eta). assert (E0 : sum_over (fun b => p b * exp (eta * r b)) arms = m 0 eta) by (apply sum_ext; intros; simpl; ring).
  unfold tilted_variance, Var. fold (tilted_mean eta). rewrite tilted_mean_eq. unfold tilt. rewrite E0. set (v := m 1 eta / m 0 eta).
  rewrite (sum_comb [(/ m 0 eta, fun a => p a * (r a ^ 2 * exp (eta * r a))); (-2 * v / m 0 eta, fun a => p a * (r a ^ 1 * exp (eta * r a))); (v ^2 / m 0 eta, fun a => p a * (r a ^ 0 * exp (eta * r a)))]).
  - cbn [comb_sum]. fold (m 0 eta) (m 1 eta) (m 2 eta). unfold v. field. lra.
  - intros; cbn [comb]; simpl; field; lra.
Qed.
(* B05 *)
Theorem tilt_progress eta : is_derive tilted_mean eta (tilted_variance eta).
Proof.
  assert (Z := normaliser_positive eta). apply (derive_ext (fun t => m 1 t / m 0 t)); [intros; symmetry; apply tilted_mean_eq |]. rewrite tilted_variance_eq.
  eapply derive_value; [| apply (is_derive_div (m 1) (m 0) eta _ _ (moment_derive 1 eta) (moment_derive 0 eta)); lra]. real_equation. field. lra.
Qed.
Lemma tilted_variance_continuous eta : continuous tilted_variance eta.
Proof.
  apply (continuous_ext (fun t => m 2 t / m 0 t - (m 1 t / m 0 t)^2)); [intros; symmetry; apply tilted_variance_eq |]. assert (Z := normaliser_positive eta).
  apply (@ex_derive_continuous R_AbsRing R_NormedModule). assert (D1 := moment_derive 1 eta). assert (D2 := moment_derive 2 eta). assert (D0 := moment_derive 0 eta).
  assert (Q2 := is_derive_div (m 2) (m 0) eta _ _ D2 D0 ltac:(lra)). assert (Q1 := is_derive_div (m 1) (m 0) eta _ _ D1 D0 ltac:(lra)).
  eexists. apply (is_derive_minus (fun t => m 2 t / m 0 t) (fun t => (m 1 t / m 0 t)^2)); [exact Q2 | apply (is_derive_pow (fun t => m 1 t / m 0 t) 2); exact Q1].
Qed.
(* the gain of a step is the integral of the variance along it *)
Theorem tilt_gain_is_integrated_variance eta : is_RInt tilted_variance 0 eta (tilted_mean eta - V arms p r).
Proof.
  assert (E0 : tilted_mean 0 = V arms p r).
  { unfold tilted_mean, V, tilt. apply sum_ext. intros a _. f_equal. rewrite (sum_ext _ p) by (intros; rewrite Rmult_0_l, exp_0; ring). rewrite H1, Rmult_0_l, exp_0. field. }
  rewrite <- E0. apply (is_RInt_derive tilted_mean tilted_variance); intros; [apply tilt_progress | apply tilted_variance_continuous].
Qed.
(* the natural gradient of a tabular policy: the Fisher matrix diag(p) - p p^T takes the direction r to the gradient *)
Theorem tilt_is_natural_gradient a : p a * r a - p a * mean arms p r = grad arms p r a.
Proof. unfold grad, mean, V. ring. Qed.
End Tilt.
(* for the softmax a tilt adds eta r to the logits *)
Theorem softmax_tilt K (r th : nat -> R) eta i : (0 < K)%nat -> softmax K (fun j => th j + eta * r j) i = tilt (seq 0 K) (softmax K th) r eta i.
Proof.
  intros HK. assert (Zp := Z_pos K th HK). assert (Zq := Z_pos K (fun j => th j + eta * r j) HK). unfold tilt.
  rewrite (sum_comb [(/ Z K th, fun j => exp (th j + eta * r j))]).
  - cbn [comb_sum]. fold (Z K (fun j => th j + eta * r j)). unfold softmax. rewrite exp_plus. field. lra.
  - intros; cbn [comb]. unfold softmax. rewrite exp_plus. field. lra.
Qed.
