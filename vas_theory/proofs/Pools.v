(* Chains and pools of prompts: A11, A36, A37, A38, B12, for every finite pool. *)
Require Import Reals Lra Psatz List.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Section Pool.
Context {A : Type} (l : list A) (p : A -> R). (* chains with their probabilities *)
Hypothesis Hp : forall a, In a l -> 0 <= p a.
Hypothesis H1 : sum_over p l = 1.
Definition E (f : A -> R) := sum_over (fun a => p a * f a) l.
Definition EE (F : A -> A -> R) := E (fun a => E (F a)). (* two independent draws *)
Definition Var f := E (fun a => (f a - E f)^2).
Lemma Var_alt f : Var f = E (fun a => f a ^2) - (E f)^2.
Proof.
  unfold Var, E at 1. rewrite (sum_comb [(1, fun a => p a * f a ^2); (-2 * E f, fun a => p a * f a); ((E f)^2, p)]).
  - cbn [comb_sum]. rewrite H1. fold (E f) (E (fun a => f a ^2)). ring. - intros; cbn [comb]; ring.
Qed.
(* A11 *)
Theorem law_of_total_variance (z : A -> R) : E z * (1 - E z) = E (fun a => z a * (1 - z a)) + Var z.
Proof.
  rewrite Var_alt. assert (X : E (fun a => z a * (1 - z a)) = E z - E (fun a => z a ^2)).
  { unfold E at 1. rewrite (sum_comb [(1, fun a => p a * z a); (-1, fun a => p a * z a ^2)]).
    - cbn [comb_sum]. fold (E z) (E (fun a => z a ^2)). ring. - intros; cbn [comb]; ring. }
  rewrite X. ring.
Qed.
Lemma Var_pairs f : 2 * Var f = EE (fun a b => (f a - f b)^2).
Proof.
  rewrite Var_alt. unfold EE, E at 3. set (m2 := E (fun a => f a ^2)).
  rewrite (sum_comb [(1, fun a => p a * f a ^2); (-2 * E f, fun a => p a * f a); (m2, p)]).
  - cbn [comb_sum]. rewrite H1. fold (E f) (E (fun a => f a ^2)). fold m2. ring.
  - intros a _. cbn [comb]. unfold E at 1. rewrite (sum_comb [(f a ^2, p); (-2 * f a, fun b => p b * f b); (1, fun b => p b * f b ^2)]).
    + cbn [comb_sum]. rewrite H1. fold (E f) (E (fun b => f b ^2)). fold m2. ring.
    + intros; cbn [comb]; ring.
Qed.
Lemma EE_le F H : (forall a b, F a b <= H a b) -> EE F <= EE H.
Proof. intros L. unfold EE, E. apply sum_le. intros a Ha. apply Rmult_le_compat_l; [auto |]. apply sum_le. intros b Hb. apply Rmult_le_compat_l; auto. Qed.
Lemma EE_scal c F : EE (fun a b => c * F a b) = c * EE F.
Proof.
  unfold EE, E. rewrite <- sum_scal. apply sum_ext. intros a _. rewrite (sum_comb [(c, fun b => p b * F a b)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
Lemma sq_abs x y : Rabs x <= y -> x^2 <= y^2.
Proof. intros H. apply pow_maj_Rabs. exact H. Qed.
(* A36 *)
Theorem variance_at_most_pair_distance z (d : A -> A -> R) L : (forall a b, Rabs (z a - z b) <= L * d a b) -> Var z <= L^2 / 2 * EE (fun a b => d a b ^2).
Proof.
  intros H. assert (X := Var_pairs z). assert (Y : EE (fun a b => (z a - z b)^2) <= EE (fun a b => L^2 * d a b ^2)).
  { apply EE_le. intros a b. replace (L^2 * d a b ^2) with ((L * d a b)^2) by ring. apply sq_abs, H. }
  rewrite EE_scal in Y. lra.
Qed.
(* A37 *)
Theorem variance_at_least_pair_distance z (d : A -> A -> R) c : (forall a b, 0 <= c * d a b <= Rabs (z a - z b)) -> c^2 / 2 * EE (fun a b => d a b ^2) <= Var z.
Proof.
  intros H. assert (X := Var_pairs z). assert (Y : EE (fun a b => c^2 * d a b ^2) <= EE (fun a b => (z a - z b)^2)).
  { apply EE_le. intros a b. destruct (H a b). replace (c^2 * d a b ^2) with ((c * d a b)^2) by ring. rewrite <- (pow2_abs (z a - z b)). apply pow_incr. lra. }
  rewrite EE_scal in Y. lra.
Qed.
End Pool.
Section Drawing.
Context {A : Type} (pool : list A) (v t : A -> R).
Let n := sum_over (fun _ => 1) pool.
Hypothesis Hn : n <> 0.
Definition U f := sum_over f pool / n. (* mean over the pool *)
Hypothesis Hv : U v <> 0.
Definition CV2 := U (fun x => (v x - U v)^2) / (U v)^2.
(* B12 *)
Theorem mixture_sampling_gain lam : sum_over (fun x => (lam * (v x / sum_over v pool) + (1 - lam) / n) * v x) pool = U v * (1 + lam * CV2).
Proof.
  assert (Sv : sum_over v pool <> 0) by (intro e; apply Hv; unfold U; rewrite e; unfold Rdiv; ring).
  rewrite (sum_comb [(lam / sum_over v pool, fun x => v x ^2); ((1 - lam) / n, v)]); [| intros; cbn [comb]; field; split; assumption].
  assert (X : sum_over (fun x => (v x - U v)^2) pool = sum_over (fun x => v x ^2) pool - 2 * U v * sum_over v pool + (U v)^2 * n).
  { rewrite (sum_comb [(1, fun x => v x ^2); (-2 * U v, v); ((U v)^2, fun _ => 1)]); [cbn [comb_sum]; fold n; ring | intros; cbn [comb]; ring]. }
  unfold CV2. change (U (fun x => (v x - U v)^2)) with (sum_over (fun x => (v x - U v)^2) pool / n). rewrite X. cbn [comb_sum]. unfold U. field. split; assumption.
Qed.
(* A38 *)
Theorem weighted_pool_comparison al be : sum_over (fun x => al * v x + be * t x) pool <> 0 -> sum_over t pool <> 0 ->
  U (fun x => v x * (al * v x + be * t x)) / U (fun x => al * v x + be * t x)
  = U (fun x => v x ^2) / U v + be * U t / U (fun x => al * v x + be * t x)
    * ((U (fun x => v x * t x) - U v * U t) / U t - (U (fun x => v x ^2) - (U v)^2) / U v).
Proof.
  intros H Ht. assert (Sv : sum_over v pool <> 0) by (intro e; apply Hv; unfold U; rewrite e; unfold Rdiv; ring).
  unfold U. rewrite (sum_comb [(al, v); (be, t)] (fun x => al * v x + be * t x)) in * by (intros; cbn [comb]; ring).
  rewrite (sum_comb [(al, fun x => v x ^2); (be, fun x => v x * t x)] (fun x => v x * (al * v x + be * t x))) by (intros; cbn [comb]; ring).
  cbn [comb_sum] in *. field. repeat split; try assumption; intro e; apply H; lra.
Qed.
End Drawing.
Section Rollouts. (* A35: K independent rollouts of any policy, K >= 1 *)
Context {A : Type} (l : list A) (p r : A -> R).
Hypothesis H1 : sum_over p l = 1.
Let P := sum_over (fun a => p a * r a) l.
(* expectation over K independent draws, one draw at a time; f sees the list of draws *)
Fixpoint EK (K : nat) (f : list A -> R) : R := match K with O => f [] | S k => sum_over (fun a => p a * EK k (fun w => f (a :: w))) l end.
Definition total := fold_right (fun a s => r a + s) 0.
Lemma EK_ext K : forall f g, (forall w, f w = g w) -> EK K f = EK K g.
Proof. induction K; cbn; intros f g H; [apply H |]. apply sum_ext. intros a _. rewrite (IHK _ (fun w => g (a :: w))); [reflexivity | intros; apply H]. Qed.
Hypothesis Hr : forall a, In a l -> r a = 0 \/ r a = 1.
Lemma EK_quadratic K : forall a b c, EK K (fun w => a + b * total w + c * total w ^2) = a + b * (INR K * P) + c * (INR K * P * (1 - P) + (INR K * P)^2).
Proof.
  induction K; intros; [cbn; ring |]. cbn [EK].
  rewrite (sum_ext _ (fun x => p x * ((a + b * r x + c * r x ^2) + (b + 2 * c * r x) * (INR K * P) + c * (INR K * P * (1 - P) + (INR K * P)^2)))).
  - rewrite (sum_comb [(a + b * (INR K * P) + c * (INR K * P * (1 - P) + (INR K * P)^2), p); (b + c + 2 * c * (INR K * P), fun x => p x * r x)]).
    + cbn [comb_sum]. fold P. rewrite H1, S_INR. ring.
    + intros x Hx. cbn [comb]. destruct (Hr x Hx) as [-> | ->]; ring.
  - intros x _. f_equal. rewrite <- IHK. apply EK_ext. intros w. cbn [total fold_right]. fold (total w). ring.
Qed.
(* A35 *)
Theorem plug_in_variance_mean K : (0 < K)%nat -> EK K (fun w => total w / INR K * (1 - total w / INR K)) = (INR K - 1) / INR K * (P * (1 - P)).
Proof.
  intros HK. assert (INR K <> 0) by (apply not_0_INR; intro e; subst; inversion HK).
  rewrite (EK_ext K _ (fun w => 0 + / INR K * total w + (- / INR K ^2) * total w ^2)) by (intros; field; assumption).
  rewrite EK_quadratic. field. assumption.
Qed.
End Rollouts.
