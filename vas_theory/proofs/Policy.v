(* Any differentiable policy over finitely many actions: gradients are derivatives along every direction, nothing is assumed of them. *)
Require Import Reals Lra Psatz Lia List FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Calculus.
Import ListNotations.
Open Scope R_scope.

Definition dot {D : Type} (dims : list D) (u v : D -> R) := sum_over (fun k => u k * v k) dims.
Definition move {D : Type} (theta u : D -> R) (t : R) : D -> R := fun k => theta k + t * u k. (* theta + t u *)
(* v is the gradient of F at theta: the derivative along every direction u is <v, u> *)
Definition is_gradient {D : Type} (dims : list D) (F : (D -> R) -> R) (theta v : D -> R) :=
  forall u, is_derive (fun t => F (move theta u t)) 0 (dot dims v u).
(* pol th a is the probability of action a; g a k is the score d log pol / d theta_k; the support does not move *)
Definition differentiable_policy {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (theta : D -> R) (g : A -> D -> R) :=
  (forall a, In a acts -> 0 <= pol theta a)
  /\ (forall th, sum_over (pol th) acts = 1)
  /\ (forall a, In a acts -> is_gradient dims (fun th => pol th a) theta (fun k => pol theta a * g a k)).
(* the objective: the expected reward *)
Definition objective {A D : Type} (acts : list A) (pol : (D -> R) -> A -> R) (r : A -> R) (th : D -> R) := sum_over (fun a => pol th a * r a) acts.

Lemma move_0 {D : Type} (theta u : D -> R) : move theta u 0 = theta.
Proof. unfold move. extensionality k. ring. Qed.
Lemma dot_sum_l {A D : Type} (dims : list D) (c : A -> R) (v : A -> D -> R) u l :
  dot dims (fun k => sum_over (fun a => c a * v a k) l) u = sum_over (fun a => c a * dot dims (v a) u) l.
Proof.
  unfold dot. induction l as [|a l IH]; cbn [sum_over].
  - rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). apply sum_zero.
  - rewrite <- IH, <- sum_scal, <- sum_plus. apply sum_ext. intros; ring.
Qed.
Lemma gradient_unique {D : Type} (dims : list D) F (theta v v' : D -> R) :
  is_gradient dims F theta v -> is_gradient dims F theta v' -> forall k, In k dims -> v k = v' k.
Proof.
  intros H H' k Hk. set (u := fun k => v k - v' k).
  assert (E : dot dims v u = dot dims v' u) by (rewrite <- (is_derive_unique _ _ _ (H u)), <- (is_derive_unique _ _ _ (H' u)); reflexivity).
  assert (Z : sum_over (fun k => u k ^2) dims = 0).
  { rewrite (sum_comb [(1, fun k => v k * u k); (-1, fun k => v' k * u k)]); [cbn [comb_sum]; unfold dot in E; lra | intros; unfold u; cbn [comb]; ring]. }
  assert (M := sum_member (fun k => u k ^2) dims k Hk (fun a _ => pow2_ge_0 (u a))). cbv beta in M. rewrite Z in M.
  assert (P := pow2_ge_0 (u k)). assert (u k = 0) by (destruct (Req_dec (u k) 0); [assumption | assert (0 < u k ^2) by (apply pow2_gt_0; assumption); lra]).
  unfold u in H0. lra.
Qed.
Section Facts.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (theta : D -> R) (g : A -> D -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
(* the policy gradient theorem *)
Theorem policy_gradient c : is_gradient dims (objective acts pol c) theta (fun k => sum_over (fun a => pol theta a * (g a k * c a)) acts).
Proof.
  destruct Hpol as [_ [_ Hs]]. intros u. unfold objective.
  replace (dot dims (fun k => sum_over (fun a => pol theta a * (g a k * c a)) acts) u)
    with (sum_over (fun a => c a * dot dims (fun k => pol theta a * g a k) u) acts).
  - apply (sum_derive (fun a t => pol (move theta u t) a * c a)). intros a Ha.
    apply (derive_ext (fun t => c a * pol (move theta u t) a)); [intros; ring |].
    apply (is_derive_scal (fun t => pol (move theta u t) a)). apply (Hs a Ha).
  - rewrite <- dot_sum_l. unfold dot. apply sum_ext. intros k _. f_equal. apply sum_ext. intros; ring.
Qed.
Lemma gradient_eq c v : is_gradient dims (objective acts pol c) theta v -> forall k, In k dims -> v k = sum_over (fun a => pol theta a * (g a k * c a)) acts.
Proof. intros Hv. apply (gradient_unique dims _ theta v _ Hv (policy_gradient c)). Qed.
Theorem score_mean_zero k : In k dims -> sum_over (fun a => pol theta a * g a k) acts = 0.
Proof.
  intros Hk. destruct Hpol as [_ [H1 _]].
  assert (Z : is_gradient dims (objective acts pol (fun _ => 1)) theta (fun _ => 0)).
  { intros u. apply (derive_ext (fun _ : R => 1)).
    - intros t. unfold objective. rewrite (sum_ext _ (pol (move theta u t))) by (intros; ring). symmetry. apply H1.
    - replace (dot dims (fun _ => 0) u) with 0; [apply @is_derive_const |]. unfold dot.
      rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). symmetry. apply sum_zero. }
  rewrite (sum_ext _ (fun a => pol theta a * (g a k * 1))) by (intros; ring).
  rewrite <- (gradient_unique dims _ theta _ _ Z (policy_gradient (fun _ => 1)) k Hk). reflexivity.
Qed.
End Facts.

(* the tabular softmax is such a policy, with the score e_a - pi *)
Theorem softmax_is_differentiable_policy K theta : (0 < K)%nat ->
  differentiable_policy (seq 0 K) (seq 0 K) (softmax K) theta (fun a k => (if Nat.eq_dec k a then 1 else 0) - softmax K theta k).
Proof.
  intros HK. split; [intros; left; apply softmax_pos; assumption |]. split; [intros; apply softmax_sum1; assumption |].
  intros a Ha u. assert (Zp := Z_pos K theta HK).
  assert (Du : sum_over (fun k => (softmax K theta a * ((if Nat.eq_dec k a then 1 else 0) - softmax K theta k)) * u k) (seq 0 K)
    = softmax K theta a * (u a - sum_over (fun k => softmax K theta k * u k) (seq 0 K))).
  { rewrite (sum_comb [(softmax K theta a, fun k => if Nat.eq_dec k a then u k else 0); (- softmax K theta a, fun k => softmax K theta k * u k)]).
    - cbn [comb_sum]. rewrite (sum_one u a) by (apply seq_NoDup || assumption). ring.
    - intros k _. cbn [comb]. destruct (Nat.eq_dec k a); ring. }
  unfold dot. rewrite Du. clear Du. unfold softmax at 1.
  assert (DZ : is_derive (fun t => Z K (move theta u t)) 0 (sum_over (fun j => u j * exp (theta j)) (seq 0 K))).
  { unfold Z. apply (sum_derive (fun j t => exp (move theta u t j))). intros j _. unfold move. auto_derive; [trivial | rewrite Rmult_0_l, Rplus_0_r; ring]. }
  evar_last.
  - apply (is_derive_div (fun t => exp (move theta u t a)) (fun t => Z K (move theta u t))); [| exact DZ | rewrite move_0; lra].
    unfold move. auto_derive; [trivial | reflexivity].
  - rewrite !move_0. rewrite (sum_comb [(Z K theta, fun k => softmax K theta k * u k)] (fun j => u j * exp (theta j))).
    + cbn [comb_sum]. unfold softmax. rewrite Rmult_0_l, Rplus_0_r. field. lra.
    + intros j _. cbn [comb]. unfold softmax. field. lra.
Qed.
