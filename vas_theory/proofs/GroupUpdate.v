(* B09, B10, B33, B34, B58: the update of a group of G = n + 2 independent rollouts of any differentiable policy, for every G.
   w is the group, a list of actions; k is a parameter; silent groups give no whitened update (Coq's 0 * / sqrt 0 = 0). *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Pools GroupGain GainShape BinomialMeans GainBounds Policy GroupDraws.
Import ListNotations.
Open Scope R_scope.

Definition pass_share {A} (r : A -> R) (G : R) (w : list A) := sum_over r w / G. (* the group's mean reward *)
Definition group_deviation {A} (r : A -> R) G w := sqrt (pass_share r G w * (1 - pass_share r G w)). (* population deviation of 0/1 rewards *)
Definition dr_grpo {A D} (r : A -> R) (g : A -> D -> R) G k (w : list A) := / G * sum_over (fun a => (r a - pass_share r G w) * g a k) w.
Definition whitened {A D} (r : A -> R) (g : A -> D -> R) G k (w : list A) := / G * sum_over (fun a => (r a - pass_share r G w) / group_deviation r G w * g a k) w.
(* RLOO: the baseline of a rollout is the mean reward of the G - 1 others *)
Definition rloo {A D} (r : A -> R) (g : A -> D -> R) G k (w : list A) := / G * sum_over (fun a => (r a - (sum_over r w - r a) / (G - 1)) * g a k) w.

Section Update.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (r : A -> R) (theta : D -> R) (g : A -> D -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
Notation p := (pol theta).
Definition expect (f : A -> R) := sum_over (fun a => pol theta a * f a) acts.
Definition group_expect (G : nat) (f : list A -> R) := EK acts (pol theta) G f. (* mean over G independent rollouts *)
Notation E := expect.
Let V := E r.
Definition reward_var := E (fun a => (r a - E r)^2).
Definition score_square := E (fun a => sum_over (fun k => g a k ^2) dims). (* Gamma = E |g|^2 *)
Definition weighted_square := E (fun a => sum_over (fun k => g a k ^2) dims * (r a - E r)^2). (* M = E |g|^2 A^2 *)
Definition squared_norm (u : D -> R) := sum_over (fun k => u k ^2) dims.
Definition trace_variance (G : nat) (u : D -> list A -> R) := sum_over (fun k => group_expect G (fun w => (u k w - group_expect G (u k))^2)) dims.
Lemma one : sum_over p acts = 1.
Proof. destruct Hpol as [_ [H _]]. apply H. Qed.
Lemma centred : E (fun a => r a - V) = 0.
Proof. unfold E. rewrite (sum_comb [(1, fun a => pol theta a * r a); (- V, pol theta)]); [cbn [comb_sum]; rewrite one; unfold V, E; ring | intros; cbn [comb]; ring]. Qed.
Section Coordinate.
Variable k : D.
Hypothesis Hk : In k dims.
Let m := E (fun a => g a k * r a). (* the gradient's coordinate *)
Lemma score0 : E (fun a => g a k) = 0.
Proof. apply (score_mean_zero acts dims pol theta g Hpol k Hk). Qed.
Lemma advantage_mean : E (fun a => (r a - V) * g a k) = m.
Proof. unfold E. rewrite (sum_comb [(1, fun a => pol theta a * (g a k * r a)); (- V, fun a => pol theta a * g a k)]); [cbn [comb_sum]; fold (E (fun a => g a k)); rewrite score0; unfold m, E; ring | intros; cbn [comb]; ring]. Qed.
Lemma rloo_as_sums n w : let G := INR (S (S n)) in length w = S (S n) ->
  rloo r g G k w = (G * sum_over (fun a => (r a - V) * g a k) w - sum_over (fun a => r a - V) w * sum_over (fun a => g a k) w) / (G * (G - 1)).
Proof.
  intros G Hw. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold rloo. set (T := sum_over r w).
  rewrite (sum_comb [(G / (G - 1), fun a => (r a - V) * g a k); ((G * V - T) / (G - 1), fun a => g a k)]); [| intros; cbn [comb]; field; lra].
  assert (ET : sum_over (fun a => r a - V) w = T - G * V).
  { unfold T, G. rewrite <- Hw. generalize V. intros x. clear. induction w as [|a w IH]; [cbn; ring |]. cbn [sum_over length]. rewrite IH, S_INR. ring. }
  rewrite ET. cbn [comb_sum]. field. lra.
Qed.
Lemma rloo_mean n : group_expect (S (S n)) (rloo r g (INR (S (S n))) k) = m.
Proof.
  set (G := INR (S (S n))). assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold group_expect. rewrite (EK_ext_group acts p _ (rloo r g G k) _ (fun w Hw _ => rloo_as_sums n w Hw)). fold G.
  rewrite (EK_linear acts p _ [(/ (G - 1), sum_over (fun a => (r a - V) * g a k)); (- / (G * (G - 1)), fun w => sum_over (fun a => r a - V) w * sum_over (fun a => g a k) w)]).
  - cbn [comb_EK]. rewrite (draws_1 acts p one), (draws_2 acts p one). fold (E (fun a => (r a - V) * g a k)) (E (fun a => r a - V)) (E (fun a => g a k)).
    change (sum_over (fun a => p a * ((r a - V) * g a k)) acts) with (E (fun a => (r a - V) * g a k)). change (sum_over (fun a => p a * (r a - V)) acts) with (E (fun a => r a - V)).
    rewrite centred, advantage_mean. fold G. field. lra.
  - intros w. cbn [comb]. field. lra.
Qed.
Lemma rloo_square n : let G := INR (S (S n)) in
  group_expect (S (S n)) (fun w => rloo r g G k w ^2) = m ^2 + (E (fun a => g a k ^2 * (r a - V)^2) - m ^2) / G + (reward_var * E (fun a => g a k ^2) + m ^2) / (G * (G - 1)).
Proof.
  intros G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  set (a_ := fun a => r a - V). set (s_ := fun a => g a k). set (z_ := fun a => (r a - V) * g a k).
  unfold group_expect. rewrite (EK_ext_group acts p _ _ (fun w => ((G * sum_over z_ w - sum_over a_ w * sum_over s_ w) / (G * (G - 1)))^2)).
  2:{ intros w Hw _. apply (f_equal (fun x => x ^2)). exact (rloo_as_sums n w Hw). }
  rewrite (EK_linear acts p _ [((/ (G - 1))^2, fun w => sum_over z_ w * sum_over z_ w); (- 2 * / (G - 1) * / (G * (G - 1)), fun w => sum_over z_ w * sum_over a_ w * sum_over s_ w);
    ((/ (G * (G - 1)))^2, fun w => sum_over a_ w * sum_over a_ w * sum_over s_ w * sum_over s_ w)]).
  2:{ intros w. cbn [comb]. field. lra. }
  assert (Ea : sum_over (fun a => p a * a_ a) acts = 0) by exact centred. assert (Es : sum_over (fun a => p a * s_ a) acts = 0) by exact score0.
  assert (Ez : sum_over (fun a => p a * z_ a) acts = m) by exact advantage_mean.
  assert (Eas : sum_over (fun a => p a * (a_ a * s_ a)) acts = m) by exact advantage_mean.
  set (e := E (fun a => g a k ^2 * (r a - V)^2)). set (s2 := E (fun a => g a k ^2)).
  cbn [comb_EK]. rewrite (draws_2 acts p one), (draws_3 acts p one), (draws_4 acts p one) by assumption. rewrite Ez, Eas.
  rewrite (sum_ext (fun a => p a * (z_ a * z_ a)) (fun a => pol theta a * (g a k ^2 * (r a - V)^2))) by (intros; unfold z_; ring).
  rewrite (sum_ext (fun a => p a * (z_ a * a_ a * s_ a)) (fun a => pol theta a * (g a k ^2 * (r a - V)^2))) by (intros; unfold z_, a_, s_; ring).
  rewrite (sum_ext (fun a => p a * (a_ a * a_ a * s_ a * s_ a)) (fun a => pol theta a * (g a k ^2 * (r a - V)^2))) by (intros; unfold a_, s_; ring).
  rewrite (sum_ext (fun a => p a * (s_ a * s_ a)) (fun a => pol theta a * g a k ^2)) by (intros; unfold s_; ring).
  rewrite (sum_ext (fun a => p a * (a_ a * a_ a)) (fun a => pol theta a * (r a - V)^2)) by (intros; unfold a_; ring).
  change (sum_over (fun a => pol theta a * (g a k ^2 * (r a - V)^2)) acts) with e. change (sum_over (fun a => pol theta a * g a k ^2) acts) with s2.
  change (sum_over (fun a => pol theta a * (r a - V)^2) acts) with reward_var. fold G. field. lra.
Qed.
Lemma dr_grpo_is_rloo n w : let G := INR (S (S n)) in length w = S (S n) -> dr_grpo r g G k w = (G - 1) / G * rloo r g G k w.
Proof.
  intros G Hw. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold dr_grpo, rloo, pass_share. set (T := sum_over r w).
  rewrite (sum_comb [((G - 1) / G, fun a => (r a - (T - r a) / (G - 1)) * g a k)]); [cbn [comb_sum]; field; lra | intros; cbn [comb]; field; lra].
Qed.
End Coordinate.
Variable v : D -> R. (* the gradient of the expected reward *)
Hypothesis Hv : is_gradient dims (objective acts pol r) theta v.
Lemma v_eq k : In k dims -> v k = E (fun a => g a k * r a).
Proof. intros Hk. apply (gradient_eq acts dims pol theta g Hpol r v Hv k Hk). Qed.
(* RLOO is unbiased; Dr.GRPO shrinks by 1 - 1/G *)
Theorem rloo_unbiased n k : In k dims -> group_expect (S (S n)) (rloo r g (INR (S (S n))) k) = v k.
Proof. intros Hk. rewrite (v_eq k Hk). apply rloo_mean. assumption. Qed.
Theorem dr_grpo_mean n k : In k dims -> let G := INR (S (S n)) in group_expect (S (S n)) (dr_grpo r g G k) = (1 - / G) * v k.
Proof.
  intros Hk G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra). rewrite <- (rloo_unbiased n k Hk). fold G.
  unfold group_expect. rewrite (EK_ext_group acts p _ (dr_grpo r g G k) _ (fun w Hw _ => dr_grpo_is_rloo k n w Hw)). fold G.
  rewrite (EK_linear acts p _ [((G - 1) / G, rloo r g G k)]); [cbn [comb_EK]; field; lra | intros; cbn [comb]; ring].
Qed.
(* B10 *)
Theorem rloo_trace_variance n : let G := INR (S (S n)) in
  trace_variance (S (S n)) (rloo r g G)
  = (weighted_square - squared_norm v) / G + (reward_var * score_square + squared_norm v) / (G * (G - 1)).
Proof.
  intros G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (HM : weighted_square = sum_over (fun k => E (fun a => g a k ^2 * (r a - V)^2)) dims).
  { unfold weighted_square. fold V. unfold E. rewrite sum_swap. apply sum_ext. intros a _. symmetry. rewrite (sum_comb [(pol theta a * (r a - V)^2, fun k => g a k ^2)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. }
  assert (HS : score_square = sum_over (fun k => E (fun a => g a k ^2)) dims).
  { unfold score_square, E. rewrite sum_swap. apply sum_ext. intros a _. symmetry. apply sum_scal. }
  unfold trace_variance. rewrite (sum_ext _ (fun k => (E (fun a => g a k ^2 * (r a - V)^2) - v k ^2) / G + (reward_var * E (fun a => g a k ^2) + v k ^2) / (G * (G - 1)))).
  - rewrite (sum_comb [(/ G, fun k => E (fun a => g a k ^2 * (r a - V)^2)); (/ (G * (G - 1)) - / G, fun k => v k ^2); (reward_var / (G * (G - 1)), fun k => E (fun a => g a k ^2))]).
    + cbn [comb_sum]. rewrite <- HM, <- HS. unfold squared_norm. field. lra.
    + intros k _. cbn [comb]. field. lra.
  - intros k Hk. assert (M := rloo_unbiased n k Hk). fold G in M. rewrite M. assert (Q := rloo_square k Hk n). cbv zeta in Q. fold G in Q. rewrite <- (v_eq k Hk) in Q.
    unfold group_expect in *. rewrite (EK_linear acts p _ [(1, fun w => rloo r g G k w ^2); (-2 * v k, rloo r g G k); (v k ^2, fun _ => 1)]).
    + cbn [comb_EK]. rewrite (EK_const acts p one).  rewrite Q, M. ring.
    + intros w. cbn [comb]. ring.
Qed.

(* ---- binary rewards ---- *)
Section Binary.
Hypothesis Hr : forall a, In a acts -> r a = 0 \/ r a = 1.
Hypothesis HV : 0 < V < 1.
Definition mean_right k := E (fun a => r a * g a k) / E r. (* E[g | R = 1] *)
Definition mean_wrong k := E (fun a => (1 - r a) * g a k) / (1 - E r).
Definition class_distance := sum_over (fun k => (mean_right k - mean_wrong k)^2) dims. (* D *)
Definition spread_right := E (fun a => r a * sum_over (fun k => (g a k - mean_right k)^2) dims) / E r. (* tau_1: tr Cov (g | R = 1) *)
Definition spread_wrong := E (fun a => (1 - r a) * sum_over (fun k => (g a k - mean_wrong k)^2) dims) / (1 - E r).
Let q := V * (1 - V).
Lemma reward_var_binary : reward_var = q.
Proof.
  unfold reward_var, E at 1. fold V. rewrite (sum_comb [(1 - 2 * V, fun a => pol theta a * r a); (V ^2, pol theta)]).
  - cbn [comb_sum]. rewrite one. fold (E r). fold V. unfold q. ring.
  - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring.
Qed.
Let sq1 k := E (fun a => r a * g a k ^2) / V.
Let sq0 k := E (fun a => (1 - r a) * g a k ^2) / (1 - V).
Lemma spread_right_eq : spread_right = sum_over (fun k => sq1 k - mean_right k ^2) dims.
Proof.
  unfold spread_right, E at 1. fold V.
  rewrite (sum_ext _ (fun a => sum_over (fun k => pol theta a * (r a * (g a k - mean_right k)^2)) dims)).
  - rewrite sum_swap. rewrite (sum_comb [(V, fun k => sq1 k - mean_right k ^2)] (fun k => sum_over _ acts)); [cbn [comb_sum]; field; lra |].
    intros k Hk. cbn [comb]. rewrite (sum_comb [(1, fun a => pol theta a * (r a * g a k ^2)); (-2 * mean_right k, fun a => pol theta a * (r a * g a k)); (mean_right k ^2, fun a => pol theta a * r a)]); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. fold (E r) (E (fun a => r a * g a k)) (E (fun a => r a * g a k ^2)). fold V. unfold sq1, mean_right. fold V. field. lra.
  - intros a _. symmetry. rewrite (sum_comb [(pol theta a * r a, fun k => (g a k - mean_right k)^2)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
Lemma wrong_chance : E (fun a => 1 - r a) = 1 - V.
Proof. unfold E. rewrite (sum_comb [(1, pol theta); (-1, fun a => pol theta a * r a)]); [cbn [comb_sum]; rewrite one; fold (E r); fold V; ring | intros; cbn [comb]; ring]. Qed.
Lemma spread_wrong_eq : spread_wrong = sum_over (fun k => sq0 k - mean_wrong k ^2) dims.
Proof.
  unfold spread_wrong, E at 1. fold V.
  rewrite (sum_ext _ (fun a => sum_over (fun k => pol theta a * ((1 - r a) * (g a k - mean_wrong k)^2)) dims)).
  - rewrite sum_swap. rewrite (sum_comb [(1 - V, fun k => sq0 k - mean_wrong k ^2)] (fun k => sum_over _ acts)); [cbn [comb_sum]; field; lra |].
    intros k Hk. cbn [comb]. rewrite (sum_comb [(1, fun a => pol theta a * ((1 - r a) * g a k ^2)); (-2 * mean_wrong k, fun a => pol theta a * ((1 - r a) * g a k)); (mean_wrong k ^2, fun a => pol theta a * (1 - r a))]); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. fold (E (fun a => 1 - r a)) (E (fun a => (1 - r a) * g a k)) (E (fun a => (1 - r a) * g a k ^2)). rewrite wrong_chance. unfold sq0, mean_wrong. fold V. field. lra.
  - intros a _. symmetry. rewrite (sum_comb [(pol theta a * (1 - r a), fun k => (g a k - mean_wrong k)^2)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
Lemma mean_right_eq k : In k dims -> mean_right k = v k / V.
Proof. intros Hk. rewrite (v_eq k Hk). unfold mean_right. fold V. f_equal. unfold E. apply sum_ext. intros; ring. Qed.
Lemma mean_wrong_eq k : In k dims -> mean_wrong k = - v k / (1 - V).
Proof.
  intros Hk. rewrite (v_eq k Hk). unfold mean_wrong. fold V. f_equal. unfold E at 1.
  rewrite (sum_comb [(1, fun a => pol theta a * g a k); (-1, fun a => pol theta a * (g a k * r a))]); [| intros; cbn [comb]; ring].
  cbn [comb_sum]. fold (E (fun a => g a k)) (E (fun a => g a k * r a)). rewrite (score0 k Hk). ring.
Qed.
(* the whitened update through the two class sums *)
Lemma whitened_as_sums n k w : let G := INR (S (S n)) in
  whitened r g G k w = / G * (sum_over (fun a => r a * g a k) w * ((1 - pass_share r G w) / group_deviation r G w)
    + (-1) * (sum_over (fun a => (1 - r a) * g a k) w * (pass_share r G w / group_deviation r G w))).
Proof.
  intros G. unfold whitened. f_equal. set (s := pass_share r G w). set (d := / group_deviation r G w).
  rewrite (sum_comb [((1 - s) * d, fun a => r a * g a k); (- s * d, fun a => (1 - r a) * g a k)]); [cbn [comb_sum]; unfold Rdiv; fold d; ring | intros; cbn [comb]; unfold Rdiv; fold d; ring].
Qed.
Lemma deviation_square n j : (j <= S (S n))%nat -> let G := INR (S (S n)) in let x := INR j / G * (1 - INR j / G) in 0 <= x /\ (x = 0 <-> INR j = 0 \/ INR j = G).
Proof.
  intros Hj G x. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra). apply le_INR in Hj. fold G in Hj. assert (H0 := pos_INR j).
  assert (Ex : x = INR j * (G - INR j) * (/ G)^2) by (unfold x; field; lra). assert (0 < / G) by (apply Rinv_0_lt_compat; lra).
  split; [rewrite Ex; apply Rmult_le_pos; [apply Rmult_le_pos; lra | apply pow2_ge_0] |]. split.
  - intros e. rewrite Ex in e. apply Rmult_integral in e. destruct e as [e | e].
    + apply Rmult_integral in e. destruct e; [left; assumption | right; lra].
    + exfalso. assert (0 < (/ G)^2) by (apply pow_lt; assumption). lra.
  - intros [e | e]; rewrite Ex, e; ring.
Qed.
(* B09 *)
Theorem whitened_mean n k : In k dims -> let G := INR (S (S n)) in
  group_expect (S (S n)) (whitened r g G k) = w V n * v k
  /\ w V n = group_expect (S (S n)) (group_deviation r G) / (V * (1 - V))
  /\ w V n = binomial_mean V n (fun j => (G - 1) / sqrt ((INR j + 1) * (G - 1 - INR j))).
Proof.
  intros Hk G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (Q : 0 < V * (1 - V)) by (apply Rmult_lt_0_compat; lra).
  assert (ES : group_expect (S (S n)) (group_deviation r G) = V * (1 - V) * w V n).
  { rewrite <- mean_deviation_is_push. unfold group_expect. apply (count_binomial acts p one r Hr (S (S n)) (fun t => sqrt (t / G * (1 - t / G)))). }
  split; [| split; [rewrite ES; field; lra |]].
  - unfold group_expect. rewrite (EK_ext acts p _ (whitened r g G k) _ (whitened_as_sums n k)). fold G.
    set (h1 := fun t => (1 - t / G) / sqrt (t / G * (1 - t / G))). set (h0 := fun t => t / G / sqrt (t / G * (1 - t / G))).
    rewrite (EK_linear acts p _ [(/ G, fun w => sum_over (fun a => r a * g a k) w * h1 (sum_over r w)); (- / G, fun w => sum_over (fun a => (1 - r a) * g a k) w * h0 (sum_over r w))]).
    2:{ intros w0. cbn [comb]. unfold h1, h0, group_deviation, pass_share. ring. }
    cbn [comb_EK]. rewrite (correct_scores acts p one r (fun a => g a k) Hr HV), (wrong_scores acts p one r (fun a => g a k) Hr HV). fold V.
    change (class_mean1 acts p r (fun a => g a k)) with (mean_right k). change (class_mean0 acts p r (fun a => g a k)) with (mean_wrong k).
    rewrite (mean_right_eq k Hk), (mean_wrong_eq k Hk). fold G. change (sum_over (fun a => p a * r a) acts) with V.
    apply Rmult_eq_reg_l with (V * (1 - V)); [| lra]. replace (V * (1 - V) * (w V n * v k)) with (V * (1 - V) * w V n * v k) by ring. rewrite <- ES.
    replace (group_expect (S (S n)) (group_deviation r G)) with (EB V (S (S n)) (fun j => / G * (INR j * h1 (INR j)) * (1 - V) + / G * ((G - INR j) * h0 (INR j)) * V)).
    + transitivity (EB V (S (S n)) (fun j => (/ G * (1 - V)) * (INR j * h1 (INR j)) + (/ G * V) * ((G - INR j) * h0 (INR j))) * v k).
      * rewrite EB_lin. field. lra.
      * f_equal. apply EB_ext. intros; ring.
    + eapply eq_trans; [| symmetry; exact (count_binomial acts p one r Hr (S (S n)) (fun t => sqrt (t / G * (1 - t / G))))]. apply EB_ext. intros j Hj.
      destruct (deviation_square n j Hj) as [X0 X1]. fold G in X0, X1. unfold h1, h0. set (x := INR j / G * (1 - INR j / G)) in *.
      replace (/ G * (INR j * ((1 - INR j / G) / sqrt x)) * (1 - V) + / G * ((G - INR j) * (INR j / G / sqrt x)) * V) with (x * / sqrt x) by (unfold Rdiv; set (i := / sqrt x); unfold x; field; lra).
      destruct (Req_dec x 0) as [-> | nz]; [rewrite sqrt_0; ring |]. assert (0 < sqrt x) by (apply sqrt_lt_R0; lra). rewrite <- (sqrt_sqrt x) at 1 by assumption. field. lra.
  - rewrite group_gain_binomial_sum. unfold binomial_mean. apply sum_eq. intros j _. unfold G. rewrite !S_INR. f_equal. f_equal; [ring |]. f_equal. f_equal. ring.
Qed.
Definition is_zero (j : nat) := match j with O => 1 | _ => 0 end.
Lemma EB_is_zero x n : EB x n is_zero = (1 - x)^n.
Proof. induction n; [reflexivity |]. rewrite EB_pred, IHn. rewrite (EB_ext x n (fun j => is_zero (S j)) (fun _ => 0)) by reflexivity. rewrite EB_const. simpl. ring. Qed.
Lemma EB_is_last x n : EB x n (fun j => is_zero (n - j)) = x^n.
Proof. rewrite EB_reflect. rewrite (EB_ext _ n _ is_zero); [rewrite EB_is_zero; f_equal; ring | intros; f_equal; lia]. Qed.
Lemma is_zero_spec j : (j = 0%nat /\ is_zero j = 1) \/ (j <> 0%nat /\ is_zero j = 0).
Proof. destruct j; [left | right]; split; try reflexivity; discriminate. Qed.
Lemma EB_one x n : EB x n INR = INR n * x.
Proof. rewrite (EB_ext x n _ (fun j => 0 + 1 * INR j + 0 * INR j ^2)) by (intros; ring). rewrite EB_quadratic. ring. Qed.
Lemma whitened_coordinate_square n k : In k dims -> let G := INR (S (S n)) in
  group_expect (S (S n)) (fun w => whitened r g G k w ^2)
  = (1 - / G) * q * (mean_right k - mean_wrong k)^2 + / G * ((sq1 k - mean_right k ^2) * ((1 - V) - (1 - V)^(S (S n))) + (sq0 k - mean_wrong k ^2) * (V - V^(S (S n)))).
Proof.
  intros Hk G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  set (h1 := fun t => (1 - t / G) / sqrt (t / G * (1 - t / G))). set (h0 := fun t => t / G / sqrt (t / G * (1 - t / G))).
  unfold group_expect. rewrite (EK_linear acts p _ [((/ G)^2, fun w => sum_over (fun a => r a * g a k) w ^2 * (h1 (sum_over r w))^2);
    (-2 * (/ G)^2, fun w => sum_over (fun a => r a * g a k) w * sum_over (fun a => (1 - r a) * g a k) w * (h1 (sum_over r w) * h0 (sum_over r w)));
    ((/ G)^2, fun w => sum_over (fun a => (1 - r a) * g a k) w ^2 * (h0 (sum_over r w))^2)]).
  2:{ intros w0. assert (X := whitened_as_sums n k w0). cbv zeta in X. fold G in X. rewrite X. cbn [comb]. unfold h1, h0, group_deviation, pass_share. unfold Rdiv. set (i := / sqrt _). ring. }
  cbn [comb_EK]. rewrite (correct_squares acts p one r (fun a => g a k) Hr HV (S (S n)) (fun t => h1 t ^2)), (wrong_squares acts p one r (fun a => g a k) Hr HV (S (S n)) (fun t => h0 t ^2)), (cross_scores acts p one r (fun a => g a k) Hr HV (S (S n)) (fun t => h1 t * h0 t)).
  change (class_mean1 acts p r (fun a => g a k)) with (mean_right k). change (class_mean0 acts p r (fun a => g a k)) with (mean_wrong k).
  change (class_square1 acts p r (fun a => g a k)) with (sq1 k). change (class_square0 acts p r (fun a => g a k)) with (sq0 k).
  change (sum_over (fun a => p a * r a) acts) with V. fold G. set (m1 := mean_right k). set (m0 := mean_wrong k). set (s1 := sq1 k). set (s0 := sq0 k).
  rewrite <- !EB_scal, Rplus_0_r. rewrite <- !EB_plus.
  rewrite (EB_ext V _ _ (fun j => (/ G * (s1 - m1 ^2)) * (1 - INR j * / G - is_zero j) + (/ G * (s0 - m0 ^2)) * (INR j * / G - is_zero (S (S n) - j)) + (m1 - m0)^2 * (0 + / G * INR j + (- (/ G)^2) * INR j ^2))).
  - rewrite !EB_plus, !EB_scal, EB_quadratic.
    rewrite (EB_ext V _ (fun j => 1 - INR j * / G - is_zero j) (fun j => (1 + (- / G) * INR j) + (-1) * is_zero j)) by (intros; ring).
    rewrite (EB_ext V _ (fun j => INR j * / G - is_zero (S (S n) - j)) (fun j => / G * INR j + (-1) * is_zero (S (S n) - j))) by (intros; ring).
    rewrite !EB_plus, !EB_scal, EB_const, EB_is_last, EB_is_zero, EB_one. fold G. unfold q. field. lra.
  - intros j Hj. destruct (deviation_square n j Hj) as [X0 X1]. fold G in X0, X1.
    destruct (is_zero_spec j) as [[J Z] | [J Z]].
    + subst j. rewrite Z. replace (is_zero (S (S n) - 0)) with 0 by reflexivity. unfold h1, h0, Rdiv. change (INR 0) with 0. set (i := / sqrt _). ring.
    + destruct (is_zero_spec (S (S n) - j)) as [[J' Z'] | [J' Z']]; rewrite Z, Z'.
      * assert (EG : INR j = G) by (unfold G; f_equal; lia). rewrite EG. unfold h1, h0. replace (G / G) with 1 by (field; lra). unfold Rdiv. set (i := / sqrt _). field. lra.
      * assert (J1 : INR j <> 0) by (apply not_0_INR; assumption). assert (J2 : INR j <> G) by (intro e; apply INR_eq in e; lia).
        unfold h1, h0. set (x := INR j / G * (1 - INR j / G)) in *. assert (Hx : 0 < x) by (destruct X0 as [X0 | X0]; [assumption | exfalso; destruct (proj1 X1 (eq_sym X0)); contradiction]).
        assert (Si : (/ sqrt x)^2 = / x) by (rewrite pow_inv, pow2_sqrt by lra; reflexivity).
        set (j_ := INR j) in *. clearbody j_.
        transitivity ((/ G)^2 * (((j_ * s1 + j_ * (j_ - 1) * m1 ^2) * (1 - j_ / G)^2 - 2 * (m1 * m0) * (j_ * (G - j_)) * x
             + ((G - j_) * s0 + (G - j_) * (G - j_ - 1) * m0 ^2) * (j_ / G)^2) * (/ sqrt x)^2)); [unfold Rdiv; set (i := / sqrt x); unfold x, Rdiv; ring |].
        rewrite Si. unfold x. field. repeat split; lra.
Qed.
(* B33 *)
Theorem whitened_second_moment n : let G := INR (S (S n)) in
  sum_over (fun k => group_expect (S (S n)) (fun w => whitened r g G k w ^2)) dims
  = (1 - / G) * (V * (1 - V)) * class_distance
    + / G * (spread_right * ((1 - V) * (1 - (1 - V)^(S n))) + spread_wrong * (V * (1 - V^(S n)))).
Proof.
  intros G. rewrite spread_right_eq, spread_wrong_eq. unfold class_distance.
  rewrite (sum_comb [((1 - / G) * q, fun k => (mean_right k - mean_wrong k)^2); (/ G * ((1 - V) - (1 - V)^(S (S n))), fun k => sq1 k - mean_right k ^2); (/ G * (V - V^(S (S n))), fun k => sq0 k - mean_wrong k ^2)]
    (fun k => group_expect (S (S n)) (fun w => whitened r g G k w ^2))).
  - cbn [comb_sum]. rewrite <- !(tech_pow_Rmult _ (S n)). unfold q. ring.
  - intros k Hk. assert (X := whitened_coordinate_square n k Hk). cbv zeta in X. fold G in X. rewrite X. cbn [comb]. ring.
Qed.
Lemma dr_grpo_coordinate_square n k : In k dims -> let G := INR (S (S n)) in
  group_expect (S (S n)) (fun w => dr_grpo r g G k w ^2)
  = q * (G - 1) / G ^3 * ((mean_right k - mean_wrong k)^2 * ((G - 1) + (G - 2) * (G - 3) * q)
      + (sq1 k - mean_right k ^2) * ((G - 2) * (1 - V) + 1) + (sq0 k - mean_wrong k ^2) * ((G - 2) * V + 1)).
Proof.
  intros Hk G. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  unfold group_expect. rewrite (EK_ext_group acts p _ _ (fun w => ((G - 1) / G)^2 * rloo r g G k w ^2)).
  2:{ intros w0 Hw _. assert (X := dr_grpo_is_rloo k n w0 Hw). cbv zeta in X. fold G in X. rewrite X. ring. }
  rewrite (EK_linear acts p _ [(((G - 1) / G)^2, fun w => rloo r g G k w ^2)]) by (intros; cbn [comb]; ring). cbn [comb_EK].
  assert (X := rloo_square k Hk n). cbv zeta in X. fold G in X. unfold group_expect in X. rewrite X. rewrite <- (v_eq k Hk), reward_var_binary.
  assert (E2 : E (fun a => g a k ^2) = V * sq1 k + (1 - V) * sq0 k).
  { unfold sq1, sq0, E at 1. rewrite (sum_comb [(1, fun a => pol theta a * (r a * g a k ^2)); (1, fun a => pol theta a * ((1 - r a) * g a k ^2))]); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. fold (E (fun a => r a * g a k ^2)) (E (fun a => (1 - r a) * g a k ^2)). field. lra. }
  assert (EA : E (fun a => g a k ^2 * (r a - V)^2) = (1 - V)^2 * V * sq1 k + V ^2 * (1 - V) * sq0 k).
  { unfold sq1, sq0, E at 1. rewrite (sum_comb [((1 - V)^2, fun a => pol theta a * (r a * g a k ^2)); (V ^2, fun a => pol theta a * ((1 - r a) * g a k ^2))]).
    - cbn [comb_sum]. fold (E (fun a => r a * g a k ^2)) (E (fun a => (1 - r a) * g a k ^2)). field. lra.
    - intros a Ha. cbn [comb]. destruct (Hr a Ha) as [-> | ->]; ring. }
  rewrite E2, EA, (mean_right_eq k Hk), (mean_wrong_eq k Hk). unfold q. field. lra.
Qed.
(* B34 *)
Theorem dr_grpo_second_moment n : let G := INR (S (S n)) in
  sum_over (fun k => group_expect (S (S n)) (fun w => dr_grpo r g G k w ^2)) dims
  = V * (1 - V) * (G - 1) / G ^3 * (class_distance * ((G - 1) + (G - 2) * (G - 3) * (V * (1 - V)))
      + spread_right * ((G - 2) * (1 - V) + 1) + spread_wrong * ((G - 2) * V + 1)).
Proof.
  intros G. rewrite spread_right_eq, spread_wrong_eq. unfold class_distance. set (c := V * (1 - V) * (G - 1) / G ^3).
  rewrite (sum_comb [(c * ((G - 1) + (G - 2) * (G - 3) * q), fun k => (mean_right k - mean_wrong k)^2); (c * ((G - 2) * (1 - V) + 1), fun k => sq1 k - mean_right k ^2); (c * ((G - 2) * V + 1), fun k => sq0 k - mean_wrong k ^2)]
    (fun k => group_expect (S (S n)) (fun w => dr_grpo r g G k w ^2))).
  - cbn [comb_sum]. unfold q. ring.
  - intros k Hk. assert (X := dr_grpo_coordinate_square n k Hk). cbv zeta in X. fold G in X. rewrite X. cbn [comb]. unfold c, q. ring.
Qed.
Definition dr_grpo_signal_to_noise (G q D tau : R) := G * (G - 1) * q * D / (D * ((G - 1) + (G - 2) * (G - 3) * q) + G * tau).
Lemma squared_norm_class_distance : squared_norm v = q ^2 * class_distance.
Proof.
  unfold squared_norm, class_distance. rewrite <- sum_scal. apply sum_ext. intros k Hk. rewrite (mean_right_eq k Hk), (mean_wrong_eq k Hk). unfold q. field. lra.
Qed.
(* B58, the form: |E ghat|^2 / E |ghat|^2 with equal spreads *)
Theorem dr_grpo_signal_to_noise_form n : let G := INR (S (S n)) in spread_right = spread_wrong ->
  0 < class_distance * ((G - 1) + (G - 2) * (G - 3) * (V * (1 - V))) + G * spread_right ->
  sum_over (fun k => (group_expect (S (S n)) (dr_grpo r g G k))^2) dims / sum_over (fun k => group_expect (S (S n)) (fun w => dr_grpo r g G k w ^2)) dims
  = dr_grpo_signal_to_noise G (V * (1 - V)) class_distance spread_right.
Proof.
  intros G Htau Hden. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (X := dr_grpo_second_moment n). cbv zeta in X. fold G in X. rewrite X. clear X.
  rewrite (sum_comb [((1 - / G)^2, fun k => v k ^2)]).
  - cbn [comb_sum]. fold (squared_norm v). rewrite squared_norm_class_distance. unfold dr_grpo_signal_to_noise, q. rewrite <- Htau.
    assert (0 < V * (1 - V)) by (apply Rmult_lt_0_compat; lra).
    replace (class_distance * (G - 1 + (G - 2) * (G - 3) * (V * (1 - V))) + spread_right * ((G - 2) * (1 - V) + 1) + spread_right * ((G - 2) * V + 1))
      with (class_distance * (G - 1 + (G - 2) * (G - 3) * (V * (1 - V))) + G * spread_right) by ring.
    set (den := class_distance * (G - 1 + (G - 2) * (G - 3) * (V * (1 - V))) + G * spread_right) in *. field. repeat split; lra.
  - intros k Hk. assert (X := dr_grpo_mean n k Hk). cbv zeta in X. fold G in X. rewrite X. cbn [comb]. ring.
Qed.
End Binary.
End Update.
(* B58, the growth: strictly increasing in q = p (1 - p) at fixed D > 0 and tau >= 0, for every group size *)
Theorem dr_grpo_signal_to_noise_increases n q q' D tau : let G := INR (S (S n)) in 0 < D -> 0 <= tau -> 0 <= q -> q < q' ->
  dr_grpo_signal_to_noise G q D tau < dr_grpo_signal_to_noise G q' D tau.
Proof.
  intros G HD Ht Hq Hqq. assert (HG : 2 <= G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra).
  assert (C : 0 <= (G - 2) * (G - 3)).
  { unfold G. destruct n as [|n]; [simpl; lra |]. rewrite !S_INR. assert (H := pos_INR n). apply Rmult_le_pos; lra. }
  unfold dr_grpo_signal_to_noise. set (c := (G - 2) * (G - 3)) in *. set (b := D * (G - 1) + G * tau).
  assert (Hb : 0 < b) by (unfold b; assert (0 < D * (G - 1)) by (apply Rmult_lt_0_compat; lra); assert (0 <= G * tau) by (apply Rmult_le_pos; lra); lra).
  replace (D * (G - 1 + c * q) + G * tau) with (b + D * c * q) by (unfold b; ring). replace (D * (G - 1 + c * q') + G * tau) with (b + D * c * q') by (unfold b; ring).
  assert (Hc : 0 <= D * c) by (apply Rmult_le_pos; lra).
  assert (H1 : 0 < b + D * c * q) by (assert (0 <= D * c * q) by (apply Rmult_le_pos; lra); lra).
  assert (H2 : 0 < b + D * c * q') by (assert (0 <= D * c * q') by (apply Rmult_le_pos; lra); lra).
  assert (E : G * (G - 1) * q' * D / (b + D * c * q') - G * (G - 1) * q * D / (b + D * c * q) = G * (G - 1) * D * b * (q' - q) / ((b + D * c * q') * (b + D * c * q))) by (field; lra).
  assert (0 < G * (G - 1) * D * b * (q' - q) / ((b + D * c * q') * (b + D * c * q))).
  { apply Rdiv_lt_0_compat; [| apply Rmult_lt_0_compat; assumption]. repeat apply Rmult_lt_0_compat; lra. }
  lra.
Qed.
