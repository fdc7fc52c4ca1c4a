(* A27, B15 for any differentiable policy; A34, B16, L04 for the tabular softmax, on its own partial derivatives. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Calculus Policy.
Import ListNotations.
Open Scope R_scope.

Lemma norm_nonneg {D : Type} (dims : list D) u : 0 <= norm dims u.
Proof. apply sqrt_pos. Qed.
Lemma norm_square {D : Type} (dims : list D) u : norm dims u * norm dims u = norm2 dims u.
Proof. apply sqrt_sqrt. apply sum_nonneg. intros. apply pow2_ge_0. Qed.
Lemma dot_le {D : Type} (dims : list D) u v : dot dims u v <= norm dims u * norm dims v.
Proof.
  destruct (Rlt_le_dec (dot dims u v) 0) as [L | L]; [assert (H := Rmult_le_pos _ _ (norm_nonneg dims u) (norm_nonneg dims v)); lra |].
  apply Rsqr_incr_0_var; [| apply Rmult_le_pos; apply norm_nonneg]. unfold Rsqr.
  replace (norm dims u * norm dims v * (norm dims u * norm dims v)) with ((norm dims u * norm dims u) * (norm dims v * norm dims v)) by ring. rewrite !norm_square.
  assert (C := cauchy_schwarz (fun _ => 1) u v dims (fun _ _ => Rle_0_1)). unfold dot, norm2 in *.
  rewrite (sum_ext (fun a => 1 * u a * v a) (fun a => u a * v a)) in C by (intros; ring). rewrite (sum_ext (fun a => 1 * u a ^2) (fun a => u a ^2)) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * v a ^2) (fun a => v a ^2)) in C by (intros; ring). lra.
Qed.
(* the triangle inequality for a weighted sum of vectors *)
Lemma norm_weighted_sum {A D : Type} (acts : list A) (dims : list D) (c : A -> R) (g : A -> D -> R) Gmax :
  (forall a, In a acts -> norm dims (g a) <= Gmax) ->
  norm dims (fun k => sum_over (fun a => c a * g a k) acts) <= Gmax * sum_over (fun a => Rabs (c a)) acts.
Proof.
  intros HG. set (v := fun k => sum_over (fun a => c a * g a k) acts). set (M := sum_over (fun a => Rabs (c a)) acts).
  assert (HM : norm dims v * norm dims v <= Gmax * M * norm dims v).
  { rewrite norm_square. replace (norm2 dims v) with (sum_over (fun a => c a * dot dims (g a) v) acts).
    - rewrite Rmult_comm, <- Rmult_assoc. unfold M. rewrite <- sum_scal. apply sum_le. intros a Ha.
      apply Rle_trans with (Rabs (c a) * (norm dims (g a) * norm dims v)).
      + eapply Rle_trans; [apply Rle_abs |]. rewrite Rabs_mult. apply Rmult_le_compat_l; [apply Rabs_pos |]. apply Rabs_le. split; [| apply dot_le].
        assert (X := dot_le dims (fun k => - g a k) v). assert (E1 : dot dims (fun k => - g a k) v = - dot dims (g a) v) by (unfold dot; rewrite (sum_comb [(-1, fun k => g a k * v k)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]).
        assert (E2 : norm dims (fun k => - g a k) = norm dims (g a)) by (unfold norm, norm2; f_equal; apply sum_ext; intros; ring). rewrite E1, E2 in X. lra.
      + specialize (HG a Ha). assert (0 <= Rabs (c a) * norm dims v) by (apply Rmult_le_pos; [apply Rabs_pos | apply norm_nonneg]). nra.
    - unfold norm2. rewrite <- dot_sum_l. unfold dot. fold v. apply sum_ext. intros k _. fold (v k). ring. }
  assert (N := norm_nonneg dims v). destruct (Req_dec (norm dims v) 0) as [e | n].
  - destruct acts as [|a0 acts']; [cbn in *; unfold M; cbn; unfold v; cbn; unfold norm, norm2; cbn; rewrite (sum_ext _ (fun _ => 0)) by (intros; ring); rewrite sum_zero, sqrt_0; lra |].
    rewrite e. apply Rmult_le_pos; [apply Rle_trans with (norm dims (g a0)); [apply norm_nonneg | apply HG; left; reflexivity] |]. apply sum_nonneg. intros; apply Rabs_pos.
  - apply Rmult_le_reg_r with (norm dims v); lra.
Qed.

Section AnyPolicy.
Context {A D : Type} (acts : list A) (dims : list D) (pol : (D -> R) -> A -> R) (theta : D -> R) (g : A -> D -> R) (r : A -> R).
Hypothesis Hpol : differentiable_policy acts dims pol theta g.
Variable v : D -> R. (* the gradient of the expected reward *)
Hypothesis Hv : is_gradient dims (objective acts pol r) theta v.
Let p := pol theta.
Let J := objective acts pol r theta.
Definition policy_variance := sum_over (fun a => pol theta a * (r a - objective acts pol r theta)^2) acts.
Lemma p_nonneg a : In a acts -> 0 <= p a.
Proof. destruct Hpol as [H _]. apply H. Qed.
Lemma p_one : sum_over p acts = 1.
Proof. destruct Hpol as [_ [H _]]. apply H. Qed.
(* A27 *)
Theorem gradient_at_most_rarer_class Gmax : (forall a, In a acts -> r a = 0 \/ r a = 1) -> (forall a, In a acts -> norm dims (g a) <= Gmax) ->
  norm dims v <= Rmin J (1 - J) * Gmax
  /\ (forall c, 0 < J < 1 -> c * policy_variance <= (norm dims v)^2 -> c <= Gmax ^2 * (Rmin J (1 - J) / Rmax J (1 - J))).
Proof.
  intros Hr HG.
  assert (Ev : forall k, In k dims -> v k = sum_over (fun a => p a * r a * g a k) acts).
  { intros k Hk. rewrite (gradient_eq acts dims pol theta g Hpol r v Hv k Hk). apply sum_ext. intros; unfold p; ring. }
  assert (Ew : forall k, In k dims -> v k = sum_over (fun a => - (p a * (1 - r a)) * g a k) acts).
  { intros k Hk. rewrite (Ev k Hk). rewrite (sum_comb [(-1, fun a => p a * g a k); (1, fun a => p a * r a * g a k)] (fun a => - (p a * (1 - r a)) * g a k)); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. assert (Z := score_mean_zero acts dims pol theta g Hpol k Hk). fold p in Z. rewrite Z. ring. }
  assert (N1 : norm dims v <= Gmax * J).
  { replace (norm dims v) with (norm dims (fun k => sum_over (fun a => p a * r a * g a k) acts)) by (unfold norm, norm2; f_equal; apply sum_ext; intros k Hk; rewrite <- Ev by assumption; reflexivity).
    eapply Rle_trans; [apply (norm_weighted_sum acts dims (fun a => p a * r a) g Gmax HG) |]. right. f_equal. unfold J, objective. apply sum_ext. intros a Ha. apply Rabs_pos_eq.
    apply Rmult_le_pos; [apply p_nonneg; assumption | destruct (Hr a Ha); lra]. }
  assert (N0 : norm dims v <= Gmax * (1 - J)).
  { replace (norm dims v) with (norm dims (fun k => sum_over (fun a => - (p a * (1 - r a)) * g a k) acts)) by (unfold norm, norm2; f_equal; apply sum_ext; intros k Hk; rewrite <- Ew by assumption; reflexivity).
    eapply Rle_trans; [apply (norm_weighted_sum acts dims (fun a => - (p a * (1 - r a))) g Gmax HG) |]. right. f_equal.
    rewrite (sum_comb [(1, p); (-1, fun a => p a * r a)]); [cbn [comb_sum]; rewrite p_one; unfold J, objective; fold p; ring |].
    intros a Ha. cbn [comb]. rewrite Rabs_Ropp, Rabs_pos_eq; [ring |]. apply Rmult_le_pos; [apply p_nonneg; assumption | destruct (Hr a Ha); lra]. }
  assert (N : norm dims v <= Rmin J (1 - J) * Gmax) by (unfold Rmin; destruct (Rle_dec J (1 - J)); lra).
  split; [exact N |]. intros c HJ Hc.
  assert (HV : policy_variance = Rmin J (1 - J) * Rmax J (1 - J)).
  { replace (Rmin J (1 - J) * Rmax J (1 - J)) with (J * (1 - J)) by (unfold Rmin, Rmax; destruct (Rle_dec J (1 - J)); ring).
    unfold policy_variance. fold J. rewrite (sum_comb [(1 - 2 * J, fun a => p a * r a); (J ^2, p)]).
    - cbn [comb_sum]. rewrite p_one. change (sum_over (fun a => p a * r a) acts) with J. ring.
    - intros a Ha. cbn [comb]. unfold p. destruct (Hr a Ha) as [-> | ->]; ring. }
  rewrite HV in Hc. assert (Hm : 0 < Rmin J (1 - J)) by (unfold Rmin; destruct (Rle_dec J (1 - J)); lra). assert (HM : 0 < Rmax J (1 - J)) by (unfold Rmax; destruct (Rle_dec J (1 - J)); lra).
  set (lo := Rmin J (1 - J)) in *. set (hi := Rmax J (1 - J)) in *.
  assert (S2 : (norm dims v)^2 <= (lo * Gmax)^2) by (apply pow_incr; split; [apply norm_nonneg | exact N]).
  apply Rmult_le_reg_r with (lo * hi); [apply Rmult_lt_0_compat; assumption |]. replace (Gmax ^2 * (lo / hi) * (lo * hi)) with ((lo * Gmax)^2) by (field; lra). lra.
Qed.

(* E[g_k | R = r a] for the reward level of action a *)
Definition level_mean k a := sum_over (fun b => if Req_EM_T (r b) (r a) then pol theta b * g b k else 0) acts / sum_over (fun b => if Req_EM_T (r b) (r a) then pol theta b else 0) acts.
(* Gamma_B = tr Cov (E[g | R]) *)
Definition between_level_dispersion := sum_over (fun k => sum_over (fun a => pol theta a * (level_mean k a - sum_over (fun c => pol theta c * level_mean k c) acts)^2) acts) dims.
Lemma tower k (f : A -> R) : (forall a b, In a acts -> In b acts -> r a = r b -> f a = f b) ->
  sum_over (fun a => p a * level_mean k a * f a) acts = sum_over (fun a => p a * g a k * f a) acts.
Proof.
  intros Hf. set (m := fun a => sum_over (fun b => if Req_EM_T (r b) (r a) then p b else 0) acts).
  assert (m_level : forall a b, r a = r b -> m a = m b) by (intros a b e; unfold m; apply sum_ext; intros c _; rewrite e; reflexivity).
  transitivity (sum_over (fun a => sum_over (fun b => p a * f a / m a * (if Req_EM_T (r b) (r a) then p b * g b k else 0)) acts) acts).
  { apply sum_ext. intros a _. rewrite sum_scal. unfold level_mean. fold p. change (sum_over (fun b => if Req_EM_T (r b) (r a) then p b else 0) acts) with (m a). unfold Rdiv. ring. }
  rewrite sum_swap. apply sum_ext. intros b Hb.
  transitivity (sum_over (fun a => (p b * g b k * f b / m b) * (if Req_EM_T (r a) (r b) then p a else 0)) acts).
  { apply sum_ext. intros a Ha. destruct (Req_EM_T (r b) (r a)) as [e | n].
    - destruct (Req_EM_T (r a) (r b)) as [_ | n]; [| exfalso; apply n; symmetry; exact e]. rewrite (m_level a b (eq_sym e)), (Hf a b Ha Hb (eq_sym e)). unfold Rdiv. ring.
    - destruct (Req_EM_T (r a) (r b)) as [e | _]; [exfalso; apply n; symmetry; exact e | ring]. }
  rewrite sum_scal. change (sum_over (fun a => if Req_EM_T (r a) (r b) then p a else 0) acts) with (m b).
  destruct (Req_dec (m b) 0) as [Z | NZ]; [| field; assumption].
  assert (Pb : p b <= m b).
  { apply Rle_trans with (if Req_EM_T (r b) (r b) then p b else 0); [destruct (Req_EM_T (r b) (r b)); [lra | contradiction] |].
    apply (sum_member (fun c => if Req_EM_T (r c) (r b) then p c else 0)); [assumption |]. intros c Hc. destruct (Req_EM_T (r c) (r b)); [apply p_nonneg; assumption | lra]. }
  assert (p b = 0) by (assert (H := p_nonneg b Hb); lra). rewrite H. unfold Rdiv. ring.
Qed.
(* B15 *)
Theorem gradient_at_most_dispersion : (norm dims v)^2 <= policy_variance * between_level_dispersion.
Proof.
  replace ((norm dims v)^2) with (norm dims v * norm dims v) by ring. rewrite norm_square. unfold norm2, between_level_dispersion. rewrite <- sum_scal. apply sum_le. intros k Hk.
  assert (Z : sum_over (fun a => p a * level_mean k a) acts = 0).
  { rewrite (sum_ext _ (fun a => p a * level_mean k a * 1)) by (intros; ring). rewrite (tower k (fun _ => 1)) by reflexivity.
    rewrite (sum_ext _ (fun a => pol theta a * g a k)) by (intros; unfold p; ring). apply (score_mean_zero acts dims pol theta g Hpol k Hk). }
  fold p. rewrite Z.
  assert (Ev : v k = sum_over (fun a => p a * (r a - J) * level_mean k a) acts).
  { rewrite (sum_ext _ (fun a => p a * level_mean k a * (r a - J))) by (intros; ring). rewrite (tower k (fun a => r a - J)) by (intros a b _ _ e; rewrite e; reflexivity).
    rewrite (gradient_eq acts dims pol theta g Hpol r v Hv k Hk). fold p.
    rewrite (sum_comb [(1, fun a => p a * (g a k * r a)); (- J, fun a => p a * g a k)] (fun a => p a * g a k * (r a - J))); [| intros; cbn [comb]; ring].
    cbn [comb_sum]. assert (S0 := score_mean_zero acts dims pol theta g Hpol k Hk). fold p in S0. rewrite S0. ring. }
  rewrite Ev. assert (C := cauchy_schwarz p (fun a => r a - J) (level_mean k) acts p_nonneg). cbv beta in C. unfold policy_variance. fold J p.
  rewrite (sum_ext (fun a => p a * (level_mean k a - 0)^2) (fun a => p a * level_mean k a ^2)) by (intros; ring). exact C.
Qed.
End AnyPolicy.

(* ---- the tabular softmax with K arms ---- *)
Section Softmax.
Variables (K : nat) (r th : nat -> R).
Hypothesis HK : (0 < K)%nat.
(* L04 *)
Theorem gradient_at_least_best_arm best : In best (arms K) -> (forall i, In i (arms K) -> r i <= r best) ->
  norm (arms K) (partial K r th) >= softmax K th best * (r best - value K r th).
Proof.
  intros Hb _. apply Rle_ge. assert (E := partial_eq K r th HK best Hb). change (softmax K th best * (r best - value K r th)) with (grad (arms K) (pi K th) r best).
  rewrite <- E. apply Rle_trans with (Rabs (partial K r th best)); [apply Rle_abs |]. unfold norm. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt.
  unfold norm2, Rsqr. replace (partial K r th best * partial K r th best) with (partial K r th best ^2) by ring.
  apply (sum_member (fun i => partial K r th i ^2)); [assumption | intros; apply pow2_ge_0].
Qed.

(* B16: a convex function of every reward is largest at a vertex of the cube *)
Lemma cube_vertex (k : R) (Hk : 1 <= k) (l : list nat) : (forall i, In i l -> 0 <= r i <= 1) -> forall c,
  exists j, (j <= length l)%nat /\ sum_over (fun i => r i ^2) l - (c + sum_over r l)^2 / k <= INR j - (c + INR j)^2 / k.
Proof.
  induction l as [|i l IH]; intros H c; [exists O; split; [lia | cbn; lra] |].
  destruct (IH (fun i Hi => H i (or_intror Hi)) (c + r i)) as [j [Hj L]]. assert (Hr := H i (or_introl eq_refl)).
  cbn [sum_over length]. replace (c + (r i + sum_over r l)) with (c + r i + sum_over r l) by ring.
  assert (Hi : 0 < / k) by (apply Rinv_0_lt_compat; lra). assert (Hi1 : / k <= 1) by (rewrite <- Rinv_1; apply Rinv_le_contravar; lra).
  set (x := r i) in *. set (a := c + INR j). assert (Ea : c + x + INR j = a + x) by (unfold a; ring). rewrite Ea in L. unfold Rdiv in L.
  destruct (Rle_lt_dec (x ^2 + INR j - (a + x)^2 * / k) (INR j - a ^2 * / k)) as [L0 | L0].
  - exists j. split; [lia |]. unfold Rdiv. fold a. lra.
  - exists (S j). split; [lia |]. rewrite S_INR. unfold Rdiv. replace (c + (INR j + 1)) with (a + 1) by (unfold a; ring).
    assert (Cx : x ^2 - (a + x)^2 * / k <= (1 - x) * (- a ^2 * / k) + x * (1 - (a + 1)^2 * / k)).
    { assert (D : (1 - x) * (- a ^2 * / k) + x * (1 - (a + 1)^2 * / k) - (x ^2 - (a + x)^2 * / k) = x * (1 - x) * (1 - / k)) by ring.
      assert (0 <= x * (1 - x) * (1 - / k)) by (apply Rmult_le_pos; [apply Rmult_le_pos; lra | lra]). lra. }
    assert (X0 : 0 < x) by (destruct (Req_dec x 0) as [e | n]; [rewrite e in L0; lra | lra]).
    (* the value at 0 is below the value at x, so the value at 1 is above it *)
    assert (0 <= x * ((1 - (a + 1)^2 * / k) - (- a ^2 * / k))) by lra.
    assert (0 <= (1 - (a + 1)^2 * / k) - (- a ^2 * / k)) by (apply Rmult_le_reg_l with x; lra).
    assert (0 <= (1 - x) * ((1 - (a + 1)^2 * / k) - (- a ^2 * / k))) by (apply Rmult_le_pos; lra). lra.
Qed.
Lemma halves_largest (k j : nat) : (j <= k)%nat -> INR j * (INR k - INR j) <= INR (k / 2) * INR (k - k / 2).
Proof.
  intros Hj. rewrite minus_INR by (apply Nat.div_le_upper_bound; lia). assert (E := Nat.div_mod k 2 ltac:(lia)). assert (B := Nat.mod_upper_bound k 2 ltac:(lia)).
  clear Hj. revert E B. generalize (k / 2)%nat (k mod 2)%nat. intros h rest E B. assert (C : (k = 2 * h \/ k = 2 * h + 1)%nat) by lia.
  clear E. destruct C as [-> | ->]; rewrite ?plus_INR, mult_INR; simpl (INR 2); simpl (INR 1).
  - assert (0 <= (INR h - INR j)^2) by apply pow2_ge_0. lra.
  - assert (D : 0 <= (INR h - INR j) * (INR h + 1 - INR j)).
    { destruct (le_lt_dec j h) as [L | L]; [apply le_INR in L; apply Rmult_le_pos; lra |]. apply le_INR in L. rewrite S_INR in L.
      replace ((INR h - INR j) * (INR h + 1 - INR j)) with ((INR j - INR h) * (INR j - INR h - 1)) by ring. apply Rmult_le_pos; lra. }
    lra.
Qed.
Lemma spread_on_cube : (forall i, In i (arms K) -> 0 <= r i <= 1) ->
  sum_over (fun i => (r i - sum_over r (arms K) / INR K)^2) (arms K) <= INR (K / 2) * INR (K - K / 2) / INR K.
Proof.
  intros Hr. assert (HK1 : 1 <= INR K) by (change 1 with (INR 1); apply le_INR; lia). set (s := sum_over r (arms K)).
  assert (L1 : sum_over (fun _ => 1) (arms K) = INR K).
  { unfold arms. rewrite <- (seq_length K 0) at 2. generalize (seq 0 K). intros l. induction l; [reflexivity |]. cbn [sum_over length]. rewrite IHl, S_INR. ring. }
  rewrite (sum_comb [(1, fun i => r i ^2); (-2 * (s / INR K), r); ((s / INR K)^2, fun _ => 1)]); [| intros; cbn [comb]; ring].
  cbn [comb_sum]. fold s. rewrite L1. destruct (cube_vertex (INR K) HK1 (arms K) Hr 0) as [j [Hj L]]. fold s in L. rewrite !Rplus_0_l in L.
  unfold arms in Hj. rewrite seq_length in Hj. assert (H := halves_largest K j Hj).
  replace (1 * sum_over (fun i => r i ^2) (arms K) + (-2 * (s / INR K) * s + ((s / INR K)^2 * INR K + 0))) with (sum_over (fun i => r i ^2) (arms K) - s ^2 / INR K) by (field; lra).
  eapply Rle_trans; [exact L |]. replace (INR j - INR j ^2 / INR K) with (INR j * (INR K - INR j) * / INR K) by (field; lra).
  apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | exact H].
Qed.
(* B16; K - K / 2 is the ceiling of K / 2 *)
Theorem gradient_at_least_variance_on_cube : (2 <= K)%nat -> (forall i, In i (arms K) -> 0 <= r i <= 1) ->
  norm (arms K) (partial K r th) >= variance K r th * sqrt (INR K / (INR (K / 2) * INR (K - K / 2))).
Proof.
  intros HK2 Hr. apply Rle_ge. assert (B := Derivative.gradient_at_least_variance_over_rho K r th HK (sum_over r (arms K) / INR K)).
  assert (S := spread_on_cube Hr). set (N2 := sum_over (fun i => partial K r th i ^2) (arms K)) in *. set (rho2 := sum_over (fun i => (r i - sum_over r (arms K) / INR K)^2) (arms K)) in *.
  assert (F1 : (1 <= K / 2)%nat) by (apply Nat.div_le_lower_bound; lia). assert (F2 : (1 <= K - K / 2)%nat) by (assert (K / 2 < K)%nat by (apply Nat.div_lt; lia); lia).
  apply lt_0_INR in F1, F2. assert (HK0 : 0 < INR K) by (apply lt_0_INR; lia). set (c := INR (K / 2) * INR (K - K / 2)) in *. assert (Hc : 0 < c) by (apply Rmult_lt_0_compat; assumption).
  assert (HN : 0 <= N2) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (V0 : 0 <= variance K r th).
  { apply sum_nonneg. intros i _. apply Rmult_le_pos; [left; apply softmax_pos; assumption | apply pow2_ge_0]. }
  apply Rsqr_incr_0_var; [| apply norm_nonneg]. unfold Rsqr. rewrite norm_square. change (norm2 (arms K) (partial K r th)) with N2.
  assert (Q0 : 0 <= INR K / c) by (apply Rmult_le_pos; [lra | left; apply Rinv_0_lt_compat; assumption]).
  replace (variance K r th * sqrt (INR K / c) * (variance K r th * sqrt (INR K / c))) with (variance K r th ^2 * (sqrt (INR K / c) * sqrt (INR K / c))) by ring. rewrite sqrt_sqrt by assumption.
  apply Rle_trans with (N2 * (c / INR K) * (INR K / c)); [| right; field; split; lra].
  apply Rmult_le_compat_r; [assumption |]. eapply Rle_trans; [exact B |]. apply Rmult_le_compat_l; assumption.
Qed.

(* A34: the objective with a KL penalty towards ref *)
Variables (ref : nat -> R) (beta : R).
Hypothesis Href : forall i, In i (arms K) -> 0 < ref i.
Definition divergence h := sum_over (fun j => softmax K h j * ln (softmax K h j / ref j)) (arms K). (* KL (pi || ref) *)
Definition penalised_value h := value K r h - beta * divergence h.
Definition penalised_partial i := Derive (fun t => penalised_value (upd th i t)) (th i).
Definition penalised_reward i := r i - beta * ln (softmax K th i / ref i). (* R_beta *)
Lemma one_entry_derive (h : R -> R) h' i : In i (arms K) -> is_derive h (th i) h' -> is_derive (fun t => sum_over (fun j => h (upd th i t j)) (arms K)) (th i) h'.
Proof.
  intros Hi Hd. rewrite <- (sum_one (fun _ => h') i (seq 0 K)); [| apply seq_NoDup | exact Hi].
  apply (sum_derive (fun j t => h (upd th i t j))). intros j _. unfold upd. destruct (Nat.eq_dec j i); [exact Hd | apply @is_derive_const].
Qed.
Lemma divergence_split h : divergence h = value K (fun j => - ln (ref j)) h + (sum_over (fun j => exp (h j) * h j) (arms K) / Z K h - ln (Z K h)).
Proof.
  assert (Zp := Z_pos K h HK). unfold divergence, value. fold (arms K).
  rewrite (sum_comb [(1, fun j => softmax K h j * - ln (ref j)); (/ Z K h, fun j => exp (h j) * h j); (- ln (Z K h), softmax K h)]).
  - cbn [comb_sum]. unfold arms. rewrite softmax_sum1 by assumption. unfold Rdiv. ring.
  - intros j Hj. cbn [comb]. rewrite ln_div by (apply softmax_pos || apply Href; assumption). unfold softmax at 2. rewrite ln_div by (apply exp_pos || assumption). rewrite ln_exp. unfold softmax. field. lra.
Qed.
Lemma penalised_gradient i : In i (arms K) -> is_derive (fun t => penalised_value (upd th i t)) (th i) (softmax K th i * (penalised_reward i - sum_over (fun j => softmax K th j * penalised_reward j) (arms K))).
Proof.
  intros Hi. assert (Zp := Z_pos K th HK). assert (Hi' := Hi). apply in_seq in Hi'.
  assert (Eu : forall h : R -> R, sum_over (fun j => h (upd th i (th i) j)) (arms K) = sum_over (fun j => h (th j)) (arms K)) by (intros; apply sum_ext; intros; rewrite upd_same; reflexivity).
  set (M := sum_over (fun j => exp (th j) * th j) (arms K)).
  assert (Dv := softmax_gradient K r th i ltac:(lia)). assert (Dr := softmax_gradient K (fun j => - ln (ref j)) th i ltac:(lia)).
  assert (DZ : is_derive (fun t => Z K (upd th i t)) (th i) (exp (th i))) by (apply one_entry_derive; [assumption | apply is_derive_exp]).
  assert (DM : is_derive (fun t => sum_over (fun j => exp (upd th i t j) * upd th i t j) (arms K)) (th i) (exp (th i) * (th i + 1))).
  { apply (one_entry_derive (fun x => exp x * x)); [assumption | auto_derive; [trivial | ring]]. }
  assert (EZ : Z K (upd th i (th i)) = Z K th) by apply (Eu exp). assert (EM : sum_over (fun j => exp (upd th i (th i) j) * upd th i (th i) j) (arms K) = M) by apply (Eu (fun x => exp x * x)).
  assert (DQ : is_derive (fun t => sum_over (fun j => exp (upd th i t j) * upd th i t j) (arms K) / Z K (upd th i t)) (th i) ((exp (th i) * (th i + 1) * Z K th - M * exp (th i)) / (Z K th)^2)).
  { rewrite <- EZ, <- EM. apply (is_derive_div (fun t => sum_over (fun j => exp (upd th i t j) * upd th i t j) (arms K)) (fun t => Z K (upd th i t))); [exact DM | exact DZ | rewrite EZ; lra]. }
  assert (DL : is_derive (fun t => ln (Z K (upd th i t))) (th i) (exp (th i) * / Z K th)).
  { apply (is_derive_comp ln (fun t => Z K (upd th i t))); [rewrite EZ; apply is_derive_ln; assumption | exact DZ]. }
  apply (derive_ext (fun t => value K r (upd th i t) - beta * (value K (fun j => - ln (ref j)) (upd th i t) + (sum_over (fun j => exp (upd th i t j) * upd th i t j) (arms K) / Z K (upd th i t) - ln (Z K (upd th i t)))))).
  { intros t. unfold penalised_value. rewrite divergence_split. reflexivity. }
  assert (D := is_derive_minus _ _ _ _ _ Dv (is_derive_scal _ _ beta _ (is_derive_plus _ _ _ _ _ Dr (is_derive_minus _ _ _ _ _ DQ DL)))).
  eapply derive_value; [| exact D]. unfold minus, plus, opp; simpl.
  assert (Er : forall j, In j (arms K) -> penalised_reward j = r j - beta * (th j - ln (Z K th) + - ln (ref j))).
  { intros j Hj. unfold penalised_reward. rewrite ln_div by (apply softmax_pos || apply Href; assumption). unfold softmax. rewrite ln_div by (apply exp_pos || assumption). rewrite ln_exp. ring. }
  rewrite (Er i Hi).
  rewrite (sum_ext (fun j => softmax K th j * penalised_reward j) (fun j => softmax K th j * (r j - beta * (th j - ln (Z K th) + - ln (ref j))))) by (intros j Hj; rewrite Er by assumption; reflexivity).
  rewrite (sum_comb [(1, fun j => softmax K th j * r j); (- beta, fun j => softmax K th j * - ln (ref j)); (- beta / Z K th, fun j => exp (th j) * th j); (beta * ln (Z K th), softmax K th)]
    (fun j => softmax K th j * (r j - beta * (th j - ln (Z K th) + - ln (ref j))))).
  - cbn [comb_sum]. fold M. unfold arms. rewrite softmax_sum1 by assumption. fold (value K r th) (value K (fun j => - ln (ref j)) th).
    change (exp (th i)) with (exp (th i)). assert (Ex : exp (th i) = softmax K th i * Z K th) by (unfold softmax; field; lra). rewrite Ex. field. lra.
  - intros j _. cbn [comb]. unfold softmax. field. lra.
Qed.
Theorem penalised_gradient_at_least_variance : rho (arms K) penalised_reward <> 0 ->
  norm (arms K) penalised_partial >= Var (arms K) (softmax K th) penalised_reward / rho (arms K) penalised_reward.
Proof.
  intros H. replace (norm (arms K) penalised_partial) with (norm (arms K) (grad (arms K) (softmax K th) penalised_reward)).
  - exact (Tabular.gradient_at_least_variance_over_rho (arms K) (softmax K th) penalised_reward (fun a _ => Rlt_le _ _ (softmax_pos K th a HK)) (softmax_sum1 K th HK) H).
  - unfold norm, norm2. f_equal. apply sum_ext. intros i Hi. apply (f_equal (fun x => x ^2)). symmetry. exact (is_derive_unique _ _ _ (penalised_gradient i Hi)).
Qed.
End Softmax.
(* B16 is attained: the uniform policy with floor (K / 2) rewards 1 and the others 0 *)
Lemma count_below m K : sum_over (fun i => if Nat.ltb i m then 1 else 0) (seq 0 K) = INR (Nat.min m K).
Proof.
  induction K; [rewrite Nat.min_0_r; reflexivity |]. rewrite seq_S.
  assert (App : forall (f : nat -> R) l x, sum_over f (l ++ [x]) = sum_over f l + f x) by (intros f l x; induction l as [|y l IH]; cbn [app sum_over]; [ring | rewrite IH; ring]).
  rewrite App, IHK. cbn [Nat.add]. destruct (Nat.ltb_spec K m).
  - rewrite !Nat.min_r by lia. rewrite S_INR. ring.
  - rewrite !Nat.min_l by lia. ring.
Qed.
Theorem least_gradient_on_cube_is_attained K : (2 <= K)%nat -> let r i := if Nat.ltb i (K / 2) then 1 else 0 in
  norm (arms K) (partial K r (fun _ => 0)) = variance K r (fun _ => 0) * sqrt (INR K / (INR (K / 2) * INR (K - K / 2))).
Proof.
  intros HK r. set (m := (K / 2)%nat) in *. assert (Hm : (1 <= m /\ m < K)%nat) by (split; [apply Nat.div_le_lower_bound; lia | apply Nat.div_lt; lia]).
  assert (K0 : 0 < INR K) by (apply lt_0_INR; lia). assert (M0 : 0 < INR m) by (apply lt_0_INR; lia). assert (MK : INR m < INR K) by (apply lt_INR; lia).
  assert (Ones : sum_over (fun _ : nat => 1) (seq 0 K) = INR K) by (rewrite (sum_ext _ (fun i => if Nat.ltb i K then 1 else 0)); [rewrite count_below, Nat.min_id; reflexivity | intros i Hi; apply in_seq in Hi; destruct (Nat.ltb_spec i K); [reflexivity | lia]]).
  assert (P : forall i, softmax K (fun _ => 0) i = / INR K).
  { intros i. unfold softmax, Z. rewrite (sum_ext _ (fun _ => 1)) by (intros; apply exp_0). rewrite Ones, exp_0. unfold Rdiv. ring. }
  assert (Sr : sum_over r (arms K) = INR m) by (unfold r, arms; rewrite count_below, Nat.min_l by lia; reflexivity).
  assert (V : value K r (fun _ => 0) = INR m / INR K).
  { unfold value. rewrite (sum_ext _ (fun j => / INR K * r j)) by (intros; rewrite P; reflexivity). rewrite sum_scal. change (seq 0 K) with (arms K). rewrite Sr. unfold Rdiv. ring. }
  set (v := INR m / INR K) in *. set (D := INR m * (INR K - INR m) / INR K). assert (HD : 0 < D) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra | assumption]).
  assert (Q : sum_over (fun i => (r i - v)^2) (arms K) = D).
  { rewrite (sum_comb [(1 - 2 * v, r); (v ^2, fun _ => 1)]).
    - cbn [comb_sum]. rewrite Sr. change (arms K) with (seq 0 K). rewrite Ones. unfold D, v. field. lra.
    - intros i _. cbn [comb]. unfold r. destruct (Nat.ltb i m); ring. }
  assert (EV : variance K r (fun _ => 0) = D / INR K).
  { unfold variance, pi. rewrite V. rewrite (sum_ext _ (fun i => / INR K * (r i - v)^2)) by (intros; rewrite P; reflexivity). rewrite sum_scal, Q. unfold Rdiv. ring. }
  assert (EN : norm2 (arms K) (partial K r (fun _ => 0)) = D * (/ INR K)^2).
  { unfold norm2. rewrite (sum_ext _ (fun i => (/ INR K)^2 * (r i - v)^2)); [rewrite sum_scal, Q; ring |].
    intros i Hi. rewrite partial_eq by (assumption || lia). unfold grad. change (Tabular.V (arms K) (pi K (fun _ => 0)) r) with (value K r (fun _ => 0)). rewrite V. unfold pi. rewrite P. ring. }
  unfold norm. rewrite EN, EV. rewrite sqrt_mult, sqrt_pow2 by (try apply pow2_ge_0; left; (assumption || (apply Rinv_0_lt_compat; assumption))).
  replace (INR K / (INR m * INR (K - m))) with (/ D) by (unfold D; rewrite minus_INR by lia; field; repeat split; lra).
  rewrite sqrt_inv by assumption. assert (Sd := sqrt_lt_R0 D HD). rewrite <- (sqrt_sqrt D) at 2 by lra. field. split; lra.
Qed.
