(* L02 (Razin et al.): the time bound for autoregressive softmax policies of at most L tokens. The score of a sequence has norm
   at most sqrt 2 L J, where J bounds the Jacobians of the token logits on the way. A history lists the tokens, last first. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Tokens FlowBound GradientFlow.
Import ListNotations.
Open Scope R_scope.
Section Sequences.
Variables (K : nat) (stop : list nat -> bool).
Hypothesis HK : (0 < K)%nat.
Notation tokens := (seq 0 K).
(* what may follow the history c, with at most n tokens: a sequence ends where stop says so, or at the largest length *)
Fixpoint words (n : nat) (c : list nat) : list (list nat) :=
  match n with
  | O => [[]]
  | S m => if stop c then [[]] else flat_map (fun a => map (cons a) (words m (a :: c))) tokens
  end.
(* the probability of the continuation y under the logits z *)
Fixpoint chance (z : list nat -> nat -> R) (c y : list nat) : R := match y with [] => 1 | a :: r => softmax K (z c) a * chance z (a :: c) r end.
Lemma chance_pos z : forall y c, 0 < chance z c y.
Proof. induction y as [|a r IH]; intros c; cbn [chance]; [lra |]. apply Rmult_lt_0_compat; [apply softmax_pos; assumption | apply IH]. Qed.
Lemma sum_flat_map {A B : Type} (f : B -> R) (h : A -> list B) l : sum_over f (flat_map h l) = sum_over (fun a => sum_over f (h a)) l.
Proof.
  assert (App : forall l1 l2, sum_over f (l1 ++ l2) = sum_over f l1 + sum_over f l2) by (intros l1 l2; induction l1 as [|x t IH]; simpl; [ring | rewrite IH; ring]).
  induction l; simpl; [reflexivity | rewrite App, IHl; reflexivity].
Qed.
Lemma sum_map {A B : Type} (f : B -> R) (h : A -> B) l : sum_over f (map h l) = sum_over (fun a => f (h a)) l.
Proof. induction l; simpl; [reflexivity | rewrite IHl; reflexivity]. Qed.
Lemma chance_one z n : forall c, sum_over (chance z c) (words n c) = 1.
Proof.
  induction n; intros c; cbn [words]; [simpl; ring |]. destruct (stop c); [simpl; ring |]. rewrite sum_flat_map.
  rewrite (sum_ext _ (softmax K (z c))); [apply softmax_sum1; assumption |]. intros a _. rewrite sum_map. cbn [chance]. rewrite sum_scal, IHn. ring.
Qed.
(* the slope of log chance, from the slopes l of the logits *)
Fixpoint slope_of (z l : list nat -> nat -> R) (c y : list nat) : R := match y with [] => 0 | a :: r => (l c a - mean tokens (softmax K (z c)) (l c)) + slope_of z l (a :: c) r end.
Variable L : nat.
Notation drawing := (drawing K stop L).
Lemma chance_derive (z : R -> list nat -> nat -> R) l s : (forall c a, drawing c -> (a < K)%nat -> is_derive (fun s => z s c a) s (l c a)) ->
  forall n c y, reachable K stop c -> (length c + n <= L)%nat -> In y (words n c) -> is_derive (fun s => chance (z s) c y) s (chance (z s) c y * slope_of (z s) l c y).
Proof.
  intros Hz. induction n; intros c y Hc HL Hy; cbn [words] in Hy.
  - destruct Hy as [<- | []]. cbn [chance slope_of]. replace (1 * 0) with 0 by ring. apply @is_derive_const.
  - destruct (stop c) eqn:Hs.
    + destruct Hy as [<- | []]. cbn [chance slope_of]. replace (1 * 0) with 0 by ring. apply @is_derive_const.
    + apply in_flat_map in Hy. destruct Hy as (a & Ha & Hy). apply in_map_iff in Hy. destruct Hy as (r & <- & Hr). apply in_seq in Ha.
      assert (Dc : drawing c) by (repeat split; [assumption | assumption | lia]). cbn [chance slope_of].
      assert (D1 := softmax_curve_derive K (fun s => z s c) (l c) s a HK ltac:(lia) (fun j Hj => Hz c j Dc Hj)).
      assert (D2 := IHn (a :: c) r (reach_next K stop c a Hc Hs ltac:(lia)) ltac:(cbn [length]; lia) Hr).
      evar_last; [apply (is_derive_mult (fun s => softmax K (z s c) a) (fun s => chance (z s) (a :: c) r)); [exact D1 | exact D2 | intros; apply Rmult_comm] |].
      unfold plus, mult; cbn. ring.
Qed.
End Sequences.
Section TokenFlow.
Context {X D : Type} (prompts : list X) (dims : list D).
Variables (K L : nat) (stop : list nat -> bool) (logit : X -> list nat -> (D -> R) -> nat -> R).
Hypothesis HK : (0 < K)%nat.
Hypothesis HL : (0 < L)%nat.
Variables (mu : X -> R) (reward target : X -> list nat -> R) (om : X -> R) (beta T : R) (theta velocity : R -> D -> R) (jacobian : R -> X -> list nat -> nat -> D -> R) (J : R).
Notation tokens := (seq 0 K).
Notation acts := (words K stop L []).
Definition pol th x y := chance K (fun c => logit x c th) [] y. (* probability of the sequence y *)
Notation drawing := (drawing K stop L).
Hypothesis Hmu : forall x, In x prompts -> 0 <= mu x.
Hypothesis Hmu1 : sum_over mu prompts = 1.
Hypothesis Hom : forall x, In x prompts -> 0 <= om x.
Hypothesis Hom1 : sum_over om prompts = 1.
Hypothesis Hbeta : 0 <= beta.
Hypothesis Hreward : forall x y, -1 <= reward x y <= 1.
Hypothesis Htarget : forall x y, -1 <= target x y <= 1.
(* smooth logits: the Jacobian at theta t, and the chain rule along the flow, wherever a token is drawn *)
Hypothesis Hlogit : forall t x c b, 0 <= t <= T -> In x prompts -> drawing c -> (b < K)%nat ->
  is_gradient dims (fun th => logit x c th b) (theta t) (jacobian t x c b) /\ is_derive (fun s => logit x c (theta s) b) t (dot dims (jacobian t x c b) (velocity t)).
(* the Jacobians of the token logits have spectral norm at most J on the way *)
Hypothesis HJ : 0 < J.
Hypothesis Hjac : forall t x c u, 0 <= t <= T -> In x prompts -> drawing c -> sum_over (fun b => dot dims (jacobian t x c b) u ^2) tokens <= J^2 * dot dims u u.
Hypothesis Hflow : gradient_flow prompts acts dims pol mu reward beta theta velocity T.
(* the score of the continuation y of c: sum over its tokens of Jacobian^T (e_token - pi) *)
Definition probs t x c := softmax K (logit x c (theta t)).
Fixpoint score t x (c y : list nat) (k : D) : R :=
  match y with [] => 0 | b :: r => (jacobian t x c b k - sum_over (fun e => probs t x c e * jacobian t x c e k) tokens) + score t x (b :: c) r k end.
Definition g t x y := score t x [] y.
Lemma score_dot t x u : forall y c, dot dims (score t x c y) u = slope_of K (fun c => logit x c (theta t)) (fun c b => dot dims (jacobian t x c b) u) c y.
Proof.
  induction y as [|b r IH]; intros c; cbn [score slope_of].
  - unfold dot. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). apply sum_zero.
  - rewrite <- IH. unfold dot at 1. rewrite (sum_comb [(1, fun k => jacobian t x c b k * u k); (-1, fun k => sum_over (fun e => probs t x c e * jacobian t x c e k) tokens * u k); (1, fun k => score t x (b :: c) r k * u k)]) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. assert (Em : mean tokens (softmax K (logit x c (theta t))) (fun e => dot dims (jacobian t x c e) u) = sum_over (fun k => sum_over (fun e => probs t x c e * jacobian t x c e k) tokens * u k) dims).
    { unfold mean, dot. rewrite (sum_ext _ (fun e => sum_over (fun k => probs t x c e * jacobian t x c e k * u k) dims)) by (intros; rewrite <- sum_scal; apply sum_ext; intros; unfold probs; ring).
      rewrite sum_swap. apply sum_ext. intros k _. rewrite (Rmult_comm _ (u k)), <- sum_scal. apply sum_ext. intros. ring. }
    rewrite Em. unfold dot. ring.
Qed.
Lemma token_smooth : smooth_along prompts acts dims pol theta velocity g T.
Proof.
  intros t x y Hx Hy Ht. split.
  - intros u. rewrite (dot_scal dims). unfold g. rewrite score_dot.
    assert (C := chance_derive K stop HK L (fun s c => logit x c (move (theta t) u s)) (fun c b => dot dims (jacobian t x c b) u) 0). cbv beta in C. rewrite move_0 in C.
    apply (C (fun c b Dc Hb => proj1 (Hlogit t x c b Ht Hx Dc Hb) u) L [] y (reach_start K stop) ltac:(simpl; lia) Hy).
  - rewrite (dot_scal dims). unfold g. rewrite score_dot.
    apply (chance_derive K stop HK L (fun s c => logit x c (theta s)) (fun c b => dot dims (jacobian t x c b) (velocity t)) t (fun c b Dc Hb => proj2 (Hlogit t x c b Ht Hx Dc Hb)) L [] y (reach_start K stop) ltac:(simpl; lia) Hy).
Qed.
(* one token: |Jacobian^T (e_b - pi)| <= sqrt 2 J *)
Lemma token_score t x c b : 0 <= t <= T -> In x prompts -> drawing c -> (b < K)%nat ->
  let q := fun k => jacobian t x c b k - sum_over (fun e => probs t x c e * jacobian t x c e k) tokens in dot dims q q <= 2 * J^2.
Proof.
  intros Ht Hx Hc Hb q. set (w := fun e => (if Nat.eq_dec e b then 1 else 0) - probs t x c e).
  assert (P0 : forall e, In e tokens -> 0 <= probs t x c e) by (intros; left; apply softmax_pos; assumption). assert (P1 : sum_over (probs t x c) tokens = 1) by (apply softmax_sum1; assumption).
  assert (Ib : In b tokens) by (apply in_seq; lia).
  assert (Eq : forall u, dot dims q u = sum_over (fun e => w e * dot dims (jacobian t x c e) u) tokens).
  { intros u. rewrite (sum_comb [(1, fun e => if Nat.eq_dec e b then dot dims (jacobian t x c e) u else 0); (-1, fun e => probs t x c e * dot dims (jacobian t x c e) u)]) by (intros e _; unfold w; cbn [comb]; destruct (Nat.eq_dec e b); ring).
    cbn [comb_sum]. rewrite (sum_one (fun e => dot dims (jacobian t x c e) u) b tokens) by (try apply seq_NoDup; assumption).
    assert (Em : sum_over (fun e => probs t x c e * dot dims (jacobian t x c e) u) tokens = sum_over (fun k => sum_over (fun e => probs t x c e * jacobian t x c e k) tokens * u k) dims).
    { unfold dot. rewrite (sum_ext _ (fun e => sum_over (fun k => probs t x c e * jacobian t x c e k * u k) dims)) by (intros; rewrite <- sum_scal; apply sum_ext; intros; ring).
      rewrite sum_swap. apply sum_ext. intros k _. rewrite (Rmult_comm _ (u k)), <- sum_scal. apply sum_ext. intros. ring. }
    rewrite Em. unfold dot, q. rewrite (sum_comb [(1, fun k => jacobian t x c b k * u k); (-1, fun k => sum_over (fun e => probs t x c e * jacobian t x c e k) tokens * u k)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. ring. }
  assert (W : sum_over (fun e => w e ^2) tokens <= 2).
  { rewrite (sum_comb [(1, fun e => if Nat.eq_dec e b then 1 - 2 * probs t x c e else 0); (1, fun e => probs t x c e ^2)]) by (intros e _; unfold w; cbn [comb]; destruct (Nat.eq_dec e b); ring).
    cbn [comb_sum]. rewrite (sum_one (fun e => 1 - 2 * probs t x c e) b tokens) by (try apply seq_NoDup; assumption).
    assert (S2 : sum_over (fun e => probs t x c e ^2) tokens <= 1) by (replace 1 with ((sum_over (probs t x c) tokens)^2) by (rewrite P1; ring); apply sum_squares_le; assumption).
    specialize (P0 b Ib). lra. }
  set (s := dot dims q q). assert (s0 : 0 <= s) by (apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (C := cauchy_schwarz (fun _ => 1) w (fun e => dot dims (jacobian t x c e) q) tokens (fun _ _ => Rle_0_1)). cbv beta in C.
  rewrite (sum_ext (fun a => 1 * w a * dot dims (jacobian t x c a) q) (fun e => w e * dot dims (jacobian t x c e) q)) in C by (intros; ring). rewrite <- Eq in C. fold s in C.
  rewrite (sum_ext (fun a => 1 * w a ^2) (fun e => w e ^2)) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * dot dims (jacobian t x c a) q ^2) (fun e => dot dims (jacobian t x c e) q ^2)) in C by (intros; ring).
  assert (B := Hjac t x c q Ht Hx Hc). fold s in B. assert (J2 : 0 < J^2) by (apply pow_lt; assumption).
  assert (s * s <= 2 * J^2 * s).
  { assert (W0 : 0 <= sum_over (fun e => w e ^2) tokens) by (apply sum_nonneg; intros; apply pow2_ge_0). assert (0 <= J^2 * s) by (apply Rmult_le_pos; lra).
    apply Rle_trans with (sum_over (fun e => w e ^2) tokens * (J^2 * s)).
    - replace (s * s) with (s^2) by ring. eapply Rle_trans; [exact C |]. apply Rmult_le_compat_l; assumption.
    - apply Rle_trans with (2 * (J^2 * s)); [apply Rmult_le_compat_r; assumption | lra]. }
  destruct (Req_dec s 0) as [-> | n]; [lra |]. apply Rmult_le_reg_r with s; [lra | exact H].
Qed.
Lemma dot_add u v : dot dims (fun k => u k + v k) (fun k => u k + v k) = dot dims u u + 2 * dot dims u v + dot dims v v.
Proof. unfold dot. rewrite (sum_comb [(1, fun k => u k * u k); (2, fun k => u k * v k); (1, fun k => v k * v k)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. ring. Qed.
(* n tokens: |score| <= n sqrt 2 J *)
Lemma score_norm t x : 0 <= t <= T -> In x prompts -> forall n c y, reachable K stop c -> (length c + n <= L)%nat -> In y (words K stop n c) ->
  dot dims (score t x c y) (score t x c y) <= 2 * (INR n * J)^2.
Proof.
  intros Ht Hx. induction n; intros c y Hc Hlen Hy; cbn [words] in Hy.
  - destruct Hy as [<- | []]. cbn [score]. unfold dot. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). rewrite sum_zero. simpl (INR 0). assert (Z0 := pow2_ge_0 (0 * J)). lra.
  - destruct (stop c) eqn:Hs.
    + destruct Hy as [<- | []]. cbn [score]. unfold dot. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). rewrite sum_zero. assert (Z0 := pow2_ge_0 (INR (S n) * J)). lra.
    + apply in_flat_map in Hy. destruct Hy as (b & Hb & Hy). apply in_map_iff in Hy. destruct Hy as (r & <- & Hr). apply in_seq in Hb.
      assert (Dc : drawing c) by (repeat split; [assumption | assumption | lia]).
      assert (B1 := token_score t x c b Ht Hx Dc ltac:(lia)). cbv zeta in B1. assert (B2 := IHn (b :: c) r (reach_next K stop c b Hc Hs ltac:(lia)) ltac:(cbn [length]; lia) Hr).
      cbn [score]. set (q := fun k => jacobian t x c b k - sum_over (fun e => probs t x c e * jacobian t x c e k) tokens) in *. set (v := score t x (b :: c) r) in *.
      change (dot dims (fun k => q k + v k) (fun k => q k + v k) <= 2 * (INR (S n) * J)^2). rewrite dot_add, S_INR.
      assert (C := dot_cs dims q v). assert (n0 := pos_INR n). set (u1 := dot dims q q) in *. set (u2 := dot dims v v) in *. set (m := dot dims q v) in *.
      assert (u10 : 0 <= u1) by (apply dot_nonneg). assert (u20 : 0 <= u2) by (apply dot_nonneg).
      assert (M : m <= 2 * (INR n * J^2)).
      { apply Rsqr_incr_0_var; [| apply Rmult_le_pos; [lra | apply Rmult_le_pos; [assumption | apply pow2_ge_0]]]. rewrite !Rsqr_pow2. eapply Rle_trans; [exact C |].
        replace ((2 * (INR n * J^2))^2) with (2 * J^2 * (2 * (INR n * J)^2)) by ring. apply Rmult_le_compat; assumption. }
      replace (2 * ((INR n + 1) * J)^2) with (2 * (INR n * J)^2 + 2 * (2 * (INR n * J^2)) + 2 * J^2) by ring. lra.
Qed.
(* L02 *)
Theorem razin_time t gamma : 0 <= t <= T -> 0 < start_variance prompts acts pol mu reward theta -> 0 <= gamma ->
  target_at prompts acts pol theta om target t >= target_at prompts acts pol theta om target 0 + gamma ->
  t >= Rmin (1 - exp (- (gamma / 9))) (penalty_share beta) / (8 * INR L ^2 * J^2) * Rpower (start_variance prompts acts pol mu reward theta) (- (1 / 3)).
Proof.
  intros Ht HV Hg Hrise. assert (s2 : 0 < sqrt 2) by (apply sqrt_lt_R0; lra). assert (l0 : 0 < INR L) by (apply lt_0_INR; assumption).
  apply (razin_time_bound prompts acts dims pol mu reward beta theta velocity g T) with (Gmax := sqrt 2 * INR L * J) (om := om) (target := target); try assumption; try reflexivity.
  - intros th x y. apply chance_pos. assumption.
  - intros th x. apply (chance_one K stop HK). 
  - apply token_smooth.
  - apply Rmult_lt_0_compat; [apply Rmult_lt_0_compat |]; assumption.
  - intros s x y Hx Hy Hs. replace ((sqrt 2 * INR L * J)^2) with (sqrt 2 * sqrt 2 * (INR L * J)^2) by ring. rewrite sqrt_sqrt by lra.
    apply (score_norm s x Hs Hx L [] y (reach_start K stop) ltac:(simpl; lia) Hy).
Qed.
End TokenFlow.
