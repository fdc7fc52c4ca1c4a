(* Claims on any finite policy: p over actions, score vectors g a in d coordinates (a list of any type). *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Section Scores.
Context {A D : Type} (acts : list A) (dims : list D) (p r : A -> R) (g : A -> D -> R).
Hypothesis Hp : forall a, In a acts -> 0 <= p a.
Hypothesis H1 : sum_over p acts = 1.
Definition E (f : A -> R) := sum_over (fun a => p a * f a) acts.
Definition J := E r.
Definition Var := E (fun a => (r a - J)^2).
Definition sq a := sum_over (fun k => g a k ^2) dims. (* |g|^2 *)
Definition grad k := E (fun a => g a k * r a).
Definition grad2 := sum_over (fun k => grad k ^2) dims.
Definition Gamma := E sq.
Definition Cov f h := E (fun a => (f a - E f) * (h a - E h)).
(* tr Var of the estimator g (r - b), from its definition: sum over coordinates of E (X - E X)^2 *)
Definition trVar b := sum_over (fun k => E (fun a => (g a k * (r a - b) - E (fun c => g c k * (r c - b)))^2)) dims.
Lemma E_comb cs f : (forall a, In a acts -> f a = comb cs a) -> E f = comb_sum (map (fun cf => (fst cf, fun a => p a * snd cf a)) cs) acts.
Proof.
  intros H. unfold E. apply sum_comb. intros a Ha. rewrite H by assumption. clear H.
  induction cs as [|[c f'] t IH]; cbn; [ring | cbn in IH; rewrite <- IH; ring].
Qed.
Hypothesis Eg : forall k, In k dims -> E (fun a => g a k) = 0.
Lemma mean_estimator b k : In k dims -> E (fun a => g a k * (r a - b)) = grad k.
Proof. intros Hk. rewrite (E_comb [(1, fun a => g a k * r a); (-b, fun a => g a k)]); [cbn; fold (E (fun a => g a k)); rewrite (Eg k Hk); unfold grad, E; ring | intros; cbn; ring]. Qed.
(* second moment of the estimator with any baseline *)
Lemma second_moment b : trVar b + grad2 = E (fun a => sq a * (r a - b)^2).
Proof.
  unfold trVar, grad2. rewrite <- sum_plus.
  rewrite (sum_ext _ (fun k => sum_over (fun a => p a * (g a k ^2 * (r a - b)^2)) acts)).
  - rewrite sum_swap. unfold E. apply sum_ext. intros a _. unfold sq.
    rewrite (sum_comb [(p a * (r a - b)^2, fun k => g a k ^2)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
  - intros k Hk. rewrite (mean_estimator b k Hk).
    rewrite (E_comb [(1, fun a => g a k ^2 * (r a - b)^2); (-2 * grad k, fun a => g a k * (r a - b)); ((grad k)^2, fun _ => 1)]).
    + cbn [map comb_sum fst snd]. fold (E (fun a => g a k * (r a - b))). rewrite (mean_estimator b k Hk).
      rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring.
    + intros; cbn [comb]; ring.
Qed.
Lemma Cov_alt f h : Cov f h = E (fun a => f a * h a) - E f * E h.
Proof.
  unfold Cov. rewrite (E_comb [(1, fun a => f a * h a); (- E h, f); (- E f, h); (E f * E h, fun _ => 1)]).
  - cbn [map comb_sum fst snd]. fold (E f) (E h) (E (fun a => f a * h a)). rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring.
  - intros; cbn [comb]; ring.
Qed.
(* A22 *)
Theorem second_moment_identity : trVar J + grad2 = Var * Gamma + Cov sq (fun a => (r a - J)^2).
Proof. rewrite second_moment, Cov_alt. unfold Var, Gamma. ring. Qed.

Lemma trace_variance_under_bound b Gmax2 : (forall a, In a acts -> sq a <= Gmax2) -> trVar b <= Gmax2 * (Var + (J - b)^2).
Proof.
  intros HG. assert (M := second_moment b). assert (0 <= grad2) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (Q : E (fun a => sq a * (r a - b)^2) <= Gmax2 * E (fun a => (r a - b)^2)).
  { unfold E. rewrite <- sum_scal. apply sum_le. intros a Ha. specialize (Hp a Ha). specialize (HG a Ha).
    assert (0 <= p a * (r a - b)^2) by (apply Rmult_le_pos; [assumption | apply pow2_ge_0]). nra. }
  assert (X : E (fun a => (r a - b)^2) = Var + (J - b)^2).
  { rewrite (E_comb [(1, fun a => (r a - J)^2); (2 * (J - b), r); ((J - b)^2 - 2 * (J - b) * J, fun _ => 1)]).
    - cbn [map comb_sum fst snd]. fold (E r) J. fold (E (fun a => (r a - J)^2)). fold Var.
      rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring.
    - intros; cbn [comb]; ring. }
  rewrite X in Q. lra.
Qed.
Definition largest_score := max_over sq acts. (* G_max^2 = max |g|^2 *)
Lemma under_largest a : In a acts -> sq a <= largest_score.
Proof. apply max_over_ge. Qed.
(* A39 *)
Theorem any_baseline b : (forall k, In k dims -> E (fun a => g a k * (r a - b)) = grad k)
  /\ trVar b <= largest_score * (Var + (J - b)^2).
Proof. split; [intros; apply mean_estimator; assumption | apply trace_variance_under_bound, under_largest]. Qed.
(* E (u . (X - E X))^2: the matrix Var[G] as a quadratic form *)
Definition variance_along u := E (fun a => (sum_over (fun k => u k * (g a k * (r a - J) - E (fun c => g c k * (r c - J)))) dims)^2).
Lemma variance_along_at_most_trace u : variance_along u <= sum_over (fun k => u k ^2) dims * trVar J.
Proof.
  unfold variance_along, trVar, E at 1. set (X := fun a k => g a k * (r a - J) - E (fun c => g c k * (r c - J))).
  change (sum_over (fun a => p a * (sum_over (fun k => u k * X a k) dims)^2) acts <= sum_over (fun k => u k ^2) dims * sum_over (fun k => E (fun a => X a k ^2)) dims).
  apply Rle_trans with (sum_over (fun a => p a * (sum_over (fun k => u k ^2) dims * sum_over (fun k => X a k ^2) dims)) acts).
  - apply sum_le. intros a Ha. apply Rmult_le_compat_l; [auto |].
    assert (C := cauchy_schwarz (fun _ => 1) u (X a) dims (fun _ _ => Rle_0_1)). cbv beta in C.
    rewrite (sum_ext (fun k => 1 * u k * X a k) (fun k => u k * X a k)) in C by (intros; ring).
    rewrite (sum_ext (fun k => 1 * u k ^2) (fun k => u k ^2)) in C by (intros; ring).
    rewrite (sum_ext (fun k => 1 * X a k ^2) (fun k => X a k ^2)) in C by (intros; ring). exact C.
  - right. rewrite (sum_ext _ (fun a => sum_over (fun k => u k ^2) dims * (p a * sum_over (fun k => X a k ^2) dims))) by (intros; ring).
    rewrite sum_scal. f_equal. unfold E. rewrite sum_swap. apply sum_ext. intros a _. rewrite <- sum_scal. reflexivity.
Qed.
(* A03: as a matrix, and even as a trace *)
Theorem variance_at_most_largest_score : trVar J <= largest_score * Var
  /\ forall u, variance_along u <= largest_score * Var * sum_over (fun k => u k ^2) dims.
Proof.
  assert (H := trace_variance_under_bound J largest_score under_largest). replace ((J - J)^2) with 0 in H by ring. rewrite Rplus_0_r in H.
  split; [exact H |]. intros u. eapply Rle_trans; [apply variance_along_at_most_trace |]. rewrite (Rmult_comm (largest_score * Var)).
  apply Rmult_le_compat_l; [apply sum_nonneg; intros; apply pow2_ge_0 | exact H].
Qed.

Definition weighted_square b := E (fun a => sq a * (r a - b)^2). (* E |G_b|^2 *)
Definition best_constant := E (fun a => sq a * r a) / Gamma. (* b* *)
(* A23 *)
Theorem best_baseline b : Gamma <> 0 ->
  weighted_square b = weighted_square best_constant + Gamma * (b - best_constant)^2
  /\ Gamma * (J - best_constant)^2 = (Cov sq r)^2 / Gamma.
Proof.
  intros G0. unfold weighted_square. set (bs := best_constant).
  assert (X : forall b, E (fun a => sq a * (r a - b)^2) = E (fun a => sq a * r a ^2) - 2 * b * E (fun a => sq a * r a) + b^2 * Gamma).
  { intros c. rewrite (E_comb [(1, fun a => sq a * r a ^2); (-2 * c, fun a => sq a * r a); (c^2, sq)]); [cbn [map comb_sum fst snd]; unfold Gamma, E; ring | intros; cbn [comb]; ring]. }
  split; [rewrite !X; unfold bs, best_constant; field; assumption |].
  rewrite Cov_alt. unfold bs, best_constant. fold J Gamma. field. assumption.
Qed.

Section Binary.
Hypothesis Hr : forall a, In a acts -> r a = 0 \/ r a = 1.
Hypothesis HJ : 0 < J < 1.
Definition mu1 k := E (fun a => g a k * r a) / J. (* E[g | R = 1] *)
Definition mu0 k := E (fun a => g a k * (1 - r a)) / (1 - J).
Lemma Var_binary : Var = J * (1 - J).
Proof.
  unfold Var. rewrite (E_comb [(1 - 2 * J, r); (J^2, fun _ => 1)]).
  - cbn [map comb_sum fst snd]. fold (E r) J. rewrite (sum_ext (fun a => p a * 1) p) by (intros; ring). rewrite H1. ring.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Lemma mu0_eq k : In k dims -> mu0 k = - grad k / (1 - J).
Proof.
  intros Hk. unfold mu0. rewrite (E_comb [(1, fun a => g a k); (-1, fun a => g a k * r a)]).
  - cbn [map comb_sum fst snd]. fold (E (fun a => g a k)). rewrite (Eg k Hk). fold (E (fun a => g a k * r a)) (grad k). field. lra.
  - intros; cbn [comb]; ring.
Qed.
Definition class_distance := sum_over (fun k => (mu1 k - mu0 k)^2) dims. (* |E[g | 1] - E[g | 0]|^2 *)
Definition dispersion := sum_over (fun k => J * mu1 k ^2 + (1 - J) * mu0 k ^2) dims. (* Gamma_B = tr Cov (E[g | R]), as E g = 0 *)
(* B01 *)
Theorem between_class_identity : grad2 = Var^2 * class_distance /\ grad2 = Var * dispersion.
Proof.
  unfold class_distance, dispersion. rewrite Var_binary. unfold grad2. rewrite <- !sum_scal. split; apply sum_ext; intros k Hk; rewrite (mu0_eq k Hk); unfold mu1; fold (grad k); field; lra.
Qed.
End Binary.
End Scores.
