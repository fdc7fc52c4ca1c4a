(* B06, B47 and L01: the gradient of an autoregressive softmax policy over K tokens, for every length, every rule that ends a
   sequence, and logits that are any differentiable functions of the parameters. A history is a list of tokens, last first. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy.
Import ListNotations.
Open Scope R_scope.
(* the softmax along any differentiable curve of logits *)
Lemma softmax_curve_derive K (z : R -> nat -> R) (l : nat -> R) x i : (0 < K)%nat -> (i < K)%nat -> (forall j, (j < K)%nat -> is_derive (fun t => z t j) x (l j)) ->
  is_derive (fun t => softmax K (z t) i) x (softmax K (z x) i * (l i - mean (seq 0 K) (softmax K (z x)) l)).
Proof.
  intros HK Hi Hz. assert (Zp := Z_pos K (z x) HK). assert (De : forall j, (j < K)%nat -> is_derive (fun t => exp (z t j)) x (l j * exp (z x j))).
  { intros j Hj. apply (is_derive_comp exp (fun t => z t j)); [apply is_derive_exp | apply Hz; assumption]. }
  unfold softmax at 1. evar_last.
  - apply (is_derive_div (fun t => exp (z t i)) (fun t => Z K (z t))); [apply De; assumption | | lra].
    unfold Z. apply (sum_derive (fun j t => exp (z t j))). intros j Hj. apply in_seq in Hj. apply De. lia.
  - unfold mean. rewrite (sum_comb [(/ Z K (z x), fun j => l j * exp (z x j))] (fun a => softmax K (z x) a * l a)) by (intros; unfold softmax; cbn [comb]; field; lra).
    cbn [comb_sum]. unfold softmax. field. lra.
Qed.
Section Tokens.
Context {D : Type}.
Variables (K : nat) (dims : list D) (logit : list nat -> (D -> R) -> nat -> R) (stop : list nat -> bool) (reward : list nat -> R).
Variables (theta : D -> R) (jacobian : list nat -> nat -> D -> R) (gamma : R) (L : nat).
Hypothesis HK : (0 < K)%nat.
(* mean of f over the finished sequences that continue the history c with at most n more tokens *)
Fixpoint expect (f : list nat -> R) (n : nat) (c : list nat) (th : D -> R) : R :=
  match n with
  | O => f c
  | S m => if stop c then f c else sum_over (fun y => softmax K (logit c th) y * expect f m (y :: c) th) (seq 0 K)
  end.
Definition objective := expect reward L []. (* J(theta) = E R *)
Definition reward_variance := expect (fun h => (reward h - objective theta)^2) L [] theta. (* STD(R)^2 *)
Definition mean_length := expect (fun h => INR (length h)) L [] theta. (* E T *)
Inductive reachable : list nat -> Prop :=
  | reach_start : reachable []
  | reach_next c y : reachable c -> stop c = false -> (y < K)%nat -> reachable (y :: c).
(* every logit is differentiable, and the Jacobian of the K logits has norm at most gamma, wherever a token is drawn *)
Definition drawing c := reachable c /\ stop c = false /\ (length c < L)%nat.
Hypothesis Hlogit : forall c y, drawing c -> (y < K)%nat -> is_gradient dims (fun th => logit c th y) theta (jacobian c y).
Hypothesis Hgamma : 0 <= gamma.
Hypothesis Hjac : forall c u, drawing c -> sum_over (fun y => dot dims (jacobian c y) u ^2) (seq 0 K) <= gamma ^2 * dot dims u u.
Notation tokens := (seq 0 K).
Notation p c := (softmax K (logit c theta)).
Lemma p_pos c a : In a tokens -> 0 <= p c a.
Proof. intros _. left. apply softmax_pos. assumption. Qed.
Lemma p_one c : sum_over (p c) tokens = 1.
Proof. apply softmax_sum1. assumption. Qed.
Lemma expect_comb f h a b n : forall c, expect (fun w => a * f w + b * h w) n c theta = a * expect f n c theta + b * expect h n c theta.
Proof.
  induction n; intros c; cbn [expect]; [reflexivity |]. destruct (stop c); [reflexivity |].
  rewrite (sum_comb [(a, fun y => p c y * expect f n (y :: c) theta); (b, fun y => p c y * expect h n (y :: c) theta)]); [cbn [comb_sum]; ring |].
  intros y _. cbn [comb]. rewrite IHn. ring.
Qed.
Lemma expect_ext f h n : (forall w, f w = h w) -> forall c, expect f n c theta = expect h n c theta.
Proof.
  intros E. induction n; intros c; cbn [expect]; [apply E |]. destruct (stop c); [apply E |]. apply sum_ext. intros y _. rewrite IHn. reflexivity.
Qed.
Lemma expect_const a n : forall c, expect (fun _ => a) n c theta = a.
Proof.
  induction n; intros c; cbn [expect]; [reflexivity |]. destruct (stop c); [reflexivity |].
  rewrite (sum_comb [(a, p c)]) by (intros; cbn [comb]; rewrite IHn; ring). cbn [comb_sum]. rewrite p_one. ring.
Qed.
Lemma expect_le f h n : (forall w, f w <= h w) -> forall c, expect f n c theta <= expect h n c theta.
Proof.
  intros E. induction n; intros c; cbn [expect]; [apply E |]. destruct (stop c); [apply E |]. apply sum_le. intros y Hy. apply Rmult_le_compat_l; [apply p_pos; assumption | apply IHn].
Qed.
(* from the history c on: mean reward, mean squared reward, variance, mean number of tokens still to come *)
Notation M n c := (expect reward n c theta).
Notation Q n c := (expect (fun h => reward h ^2) n c theta).
Definition var n c := Q n c - M n c ^2.
Definition len n c := expect (fun h => INR (length h) - INR (length c)) n c theta.
Lemma len_step n c : stop c = false -> len (S n) c = 1 + sum_over (fun y => p c y * len n (y :: c)) tokens.
Proof.
  intros Hs. unfold len at 1. cbn [expect]. rewrite Hs.
  rewrite (sum_comb [(1, p c); (1, fun y => p c y * len n (y :: c))]); [cbn [comb_sum]; rewrite p_one; ring |].
  intros y _. cbn [comb]. unfold len.
  rewrite (expect_ext (fun h => INR (length h) - INR (length c)) (fun h => 1 * (INR (length h) - INR (length (y :: c))) + 1 * 1)) by (intros; cbn [length]; rewrite S_INR; ring).
  rewrite (expect_comb (fun h => INR (length h) - INR (length (y :: c))) (fun _ => 1) 1 1). rewrite expect_const. ring.
Qed.
Lemma len_bounds n : forall c, 0 <= len n c <= INR n.
Proof.
  induction n; intros c; [unfold len; cbn [expect]; simpl; lra |]. destruct (stop c) eqn:Hs.
  - unfold len. cbn [expect]. rewrite Hs. assert (H := pos_INR (S n)). lra.
  - rewrite len_step, S_INR by assumption. split.
    + assert (0 <= sum_over (fun y => p c y * len n (y :: c)) tokens); [| lra]. apply sum_nonneg. intros y Hy. apply Rmult_le_pos; [apply p_pos; assumption | apply IHn].
    + assert (sum_over (fun y => p c y * len n (y :: c)) tokens <= sum_over (fun y => INR n * p c y) tokens).
      { apply sum_le. intros y Hy. rewrite Rmult_comm. apply Rmult_le_compat_r; [apply p_pos; assumption | apply IHn]. }
      rewrite sum_scal, p_one in H. lra.
Qed.
(* the variance of the reward splits into the variance of the next token's mean and the mean of the later variance *)
Definition token_var n c := fisher tokens (p c) (fun y => M n (y :: c)).
Lemma var_step n c : stop c = false -> var (S n) c = token_var n c + sum_over (fun y => p c y * var n (y :: c)) tokens.
Proof.
  intros Hs. unfold var at 1. cbn [expect]. rewrite Hs. unfold token_var. rewrite fisher_alt by apply p_one. unfold mean.
  rewrite (sum_comb [(1, fun y => p c y * Q n (y :: c)); (-1, fun y => p c y * M n (y :: c)^2)] (fun y => p c y * var n (y :: c))) by (intros; unfold var; cbn [comb]; ring).
  cbn [comb_sum]. ring.
Qed.
Lemma token_var_nonneg n c : 0 <= token_var n c.
Proof. apply sum_nonneg. intros y Hy. apply Rmult_le_pos; [apply p_pos; assumption | apply pow2_ge_0]. Qed.
Lemma var_nonneg n : forall c, 0 <= var n c.
Proof.
  induction n; intros c; [unfold var; cbn [expect]; lra |]. destruct (stop c) eqn:Hs; [unfold var; cbn [expect]; rewrite Hs; lra |].
  rewrite var_step by assumption. assert (0 <= sum_over (fun y => p c y * var n (y :: c)) tokens); [| assert (T := token_var_nonneg n c); lra].
  apply sum_nonneg. intros y Hy. apply Rmult_le_pos; [apply p_pos; assumption | apply IHn].
Qed.
(* the gradient from the history c on: what the next token contributes, and the mean of the later gradients *)
Fixpoint gradient (n : nat) (c : list nat) (k : D) : R :=
  match n with
  | O => 0
  | S m => if stop c then 0 else
      sum_over (fun y => p c y * ((jacobian c y k - sum_over (fun a => p c a * jacobian c a k) tokens) * M m (y :: c) + gradient m (y :: c) k)) tokens
  end.
Definition slope c u y := dot dims (jacobian c y) u. (* derivative of the logit of y along u *)
Lemma gradient_step n c u : stop c = false -> dot dims (gradient (S n) c) u
  = sum_over (fun y => p c y * (slope c u y - mean tokens (p c) (slope c u)) * M n (y :: c)) tokens + sum_over (fun y => p c y * dot dims (gradient n (y :: c)) u) tokens.
Proof.
  intros Hs. unfold dot at 1. cbn [gradient]. rewrite Hs.
  rewrite (sum_ext _ (fun k => sum_over (fun y => u k * (p c y * ((jacobian c y k - sum_over (fun a => p c a * jacobian c a k) tokens) * M n (y :: c) + gradient n (y :: c) k))) tokens)) by (intros; rewrite sum_scal; ring).
  rewrite sum_swap, <- sum_plus. apply sum_ext. intros y _. unfold slope.
  assert (Em : mean tokens (p c) (fun y => dot dims (jacobian c y) u) = sum_over (fun k => sum_over (fun a => p c a * jacobian c a k) tokens * u k) dims).
  { unfold mean, dot. rewrite (sum_ext _ (fun a => sum_over (fun k => p c a * jacobian c a k * u k) dims)) by (intros; rewrite <- sum_scal; apply sum_ext; intros; ring).
    rewrite sum_swap. apply sum_ext. intros k _. rewrite (Rmult_comm _ (u k)), <- sum_scal. apply sum_ext. intros. ring. }
  rewrite Em. unfold dot.
  rewrite (sum_comb [(p c y * M n (y :: c), fun k => jacobian c y k * u k); (- (p c y * M n (y :: c)), fun k => sum_over (fun a => p c a * jacobian c a k) tokens * u k); (p c y, fun k => gradient n (y :: c) k * u k)]) by (intros; cbn [comb]; ring).
  cbn [comb_sum]. ring.
Qed.
Lemma gradient_is n : forall c, reachable c -> (length c + n <= L)%nat -> is_gradient dims (expect reward n c) theta (gradient n c).
Proof.
  induction n; intros c Hc HL u.
  - cbn [expect gradient]. replace (dot dims (fun _ => 0) u) with 0; [apply @is_derive_const |]. unfold dot. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). symmetry. apply sum_zero.
  - destruct (stop c) eqn:Hs.
    + apply (is_derive_ext (fun _ => reward c)); [intros; cbn [expect]; rewrite Hs; reflexivity |].
      replace (dot dims (gradient (S n) c) u) with 0; [apply @is_derive_const |]. unfold dot. cbn [gradient]. rewrite Hs. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). symmetry. apply sum_zero.
    + rewrite gradient_step, <- sum_plus by assumption. assert (Dc : drawing c) by (repeat split; [assumption | assumption | lia]).
      apply (is_derive_ext (fun t => sum_over (fun y => softmax K (logit c (move theta u t)) y * expect reward n (y :: c) (move theta u t)) tokens)); [intros; cbn [expect]; rewrite Hs; reflexivity |].
      apply (sum_derive (fun y t => softmax K (logit c (move theta u t)) y * expect reward n (y :: c) (move theta u t))). intros y Hy. apply in_seq in Hy.
      assert (D1 := softmax_curve_derive K (fun t => logit c (move theta u t)) (slope c u) 0 y HK ltac:(lia) (fun j Hj => Hlogit c j Dc Hj u)). cbv beta in D1. rewrite move_0 in D1.
      assert (D2 := IHn (y :: c) (reach_next c y Hc Hs ltac:(lia)) ltac:(cbn [length]; lia) u).
      evar_last; [apply (is_derive_mult (fun t => softmax K (logit c (move theta u t)) y) (fun t => expect reward n (y :: c) (move theta u t))); [exact D1 | exact D2 | intros; apply Rmult_comm] |].
      cbv beta. rewrite move_0. unfold plus, mult; cbn. reflexivity.
Qed.
(* two numbers: d1^2 <= g A and d2^2 <= g X B give (d1 + d2)^2 <= g (1 + X)(A + B) *)
Lemma add_bounds d1 d2 g A X B : 0 <= g -> 0 <= A -> 0 <= X -> 0 <= B -> d1^2 <= g * A -> d2^2 <= g * (X * B) -> (d1 + d2)^2 <= g * ((1 + X) * (A + B)).
Proof.
  intros g0 A0 X0 B0 H1 H2. (* 2 d1 d2 <= X d1^2 + d2^2 / X *)
  destruct (Req_dec X 0) as [-> | nX].
  - assert (d2 = 0) by (assert (S := pow2_ge_0 d2); assert (Z : d2^2 = 0) by lra; apply Rsqr_0_uniq; rewrite Rsqr_pow2; exact Z). subst d2.
    assert (0 <= g * B) by (apply Rmult_le_pos; assumption). lra.
  - assert (Xp : 0 < X) by lra. apply Rmult_le_reg_l with X; [assumption |].
    assert (S := pow2_ge_0 (X * d1 - d2)).
    assert (E : X * (d1 + d2)^2 = (X * X + X) * d1^2 + (1 + X) * d2^2 - (X * d1 - d2)^2) by ring. rewrite E.
    assert (T1 : (X * X + X) * d1^2 <= (X * X + X) * (g * A)) by (apply Rmult_le_compat_l; nra).
    assert (T2 : (1 + X) * d2^2 <= (1 + X) * (g * (X * B))) by (apply Rmult_le_compat_l; lra). lra.
Qed.
Lemma directional n : forall c u, reachable c -> (length c + n <= L)%nat ->
  (dot dims (gradient n c) u)^2 <= gamma ^2 * dot dims u u / 2 * (len n c * var n c).
Proof.
  assert (U0 : forall u, 0 <= dot dims u u) by (intros; apply sum_nonneg; intros; apply Rle_0_sqr).
  assert (g0 : forall u, 0 <= gamma ^2 * dot dims u u / 2) by (intros; assert (0 <= gamma ^2 * dot dims u u) by (apply Rmult_le_pos; [apply pow2_ge_0 | apply U0]); lra).
  induction n; intros c u Hc HL.
  - cbn [gradient]. unfold dot at 1. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). rewrite sum_zero.
    replace (0^2) with 0 by ring. apply Rmult_le_pos; [apply g0 | apply Rmult_le_pos; [apply len_bounds | apply var_nonneg]].
  - destruct (stop c) eqn:Hs.
    + unfold dot at 1. cbn [gradient]. rewrite Hs. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). rewrite sum_zero.
      replace (0^2) with 0 by ring. apply Rmult_le_pos; [apply g0 | apply Rmult_le_pos; [apply len_bounds | apply var_nonneg]].
    + assert (Dc : drawing c) by (repeat split; [assumption | assumption | lia]).
      rewrite gradient_step, len_step, var_step by assumption. apply add_bounds; [apply g0 | apply token_var_nonneg | | | |].
      * apply sum_nonneg. intros y Hy. apply Rmult_le_pos; [apply p_pos; assumption | apply len_bounds].
      * apply sum_nonneg. intros y Hy. apply Rmult_le_pos; [apply p_pos; assumption | apply var_nonneg].
      * (* the next token: Cov(slope, M), Cauchy-Schwarz and lambda_max(F) <= 1/2 *)
        set (s := slope c u). set (m := fun y => M n (y :: c)).
        rewrite (sum_ext _ (fun y => p c y * (s y - mean tokens (p c) s) * (m y - mean tokens (p c) m) + mean tokens (p c) m * (p c y * (s y - mean tokens (p c) s)))) by (intros; unfold m; ring).
        rewrite sum_plus, sum_scal.
        assert (Z0 : sum_over (fun y => p c y * (s y - mean tokens (p c) s)) tokens = 0).
        { rewrite (sum_comb [(1, fun y => p c y * s y); (- mean tokens (p c) s, p c)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite p_one. unfold mean. ring. }
        rewrite Z0, Rmult_0_r, Rplus_0_r.
        assert (C := cauchy_schwarz (p c) (fun y => s y - mean tokens (p c) s) (fun y => m y - mean tokens (p c) m) tokens (p_pos c)). cbv beta in C.
        fold (fisher tokens (p c) s) (fisher tokens (p c) m) in C. change (fisher tokens (p c) m) with (token_var n c) in C.
        eapply Rle_trans; [exact C |]. apply Rmult_le_compat_r; [apply token_var_nonneg |].
        assert (F := fisher_at_most_half tokens (p c) (p_pos c) (p_one c) s). assert (Jb := Hjac c u Dc). unfold norm2 in F. fold (slope c u) in Jb. change (fun y => dot dims (jacobian c y) u ^2) with (fun y => s y ^2) in Jb. lra.
      * (* later tokens: Cauchy-Schwarz over the next token *)
        set (e := fun y => dot dims (gradient n (y :: c)) u). set (g := gamma ^2 * dot dims u u / 2). assert (gn : 0 <= g) by apply g0.
        assert (B : forall y, In y tokens -> Rabs (e y) <= sqrt g * (sqrt (len n (y :: c)) * sqrt (var n (y :: c)))).
        { intros y Hy. apply in_seq in Hy. assert (I := IHn (y :: c) u (reach_next c y Hc Hs ltac:(lia)) ltac:(cbn [length]; lia)). fold (e y) g in I.
          assert (l0 := proj1 (len_bounds n (y :: c))). assert (v0 := var_nonneg n (y :: c)).
          apply Rsqr_incr_0_var; [| repeat apply Rmult_le_pos; apply sqrt_pos]. rewrite <- Rsqr_abs, !Rsqr_mult, !Rsqr_sqrt, Rsqr_pow2 by assumption. exact I. }
        assert (S1 : Rabs (sum_over (fun y => p c y * e y) tokens) <= sqrt g * sum_over (fun y => p c y * sqrt (len n (y :: c)) * sqrt (var n (y :: c))) tokens).
        { eapply Rle_trans; [apply sum_abs |]. rewrite <- sum_scal. apply sum_le. intros y Hy. rewrite Rabs_mult, (Rabs_pos_eq (p c y)) by (apply p_pos; assumption).
          replace (sqrt g * (p c y * sqrt (len n (y :: c)) * sqrt (var n (y :: c)))) with (p c y * (sqrt g * (sqrt (len n (y :: c)) * sqrt (var n (y :: c))))) by ring.
          apply Rmult_le_compat_l; [apply p_pos; assumption | apply B; assumption]. }
        assert (C := cauchy_schwarz (p c) (fun y => sqrt (len n (y :: c))) (fun y => sqrt (var n (y :: c))) tokens (p_pos c)). cbv beta in C.
        rewrite (sum_ext (fun y => p c y * sqrt (len n (y :: c)) ^2) (fun y => p c y * len n (y :: c))) in C by (intros; rewrite <- Rsqr_pow2, Rsqr_sqrt by apply len_bounds; reflexivity).
        rewrite (sum_ext (fun y => p c y * sqrt (var n (y :: c)) ^2) (fun y => p c y * var n (y :: c))) in C by (intros; rewrite <- Rsqr_pow2, Rsqr_sqrt by apply var_nonneg; reflexivity).
        rewrite <- pow2_abs. apply Rle_trans with ((sqrt g * sum_over (fun y => p c y * sqrt (len n (y :: c)) * sqrt (var n (y :: c))) tokens)^2).
        -- apply pow_incr. split; [apply Rabs_pos | exact S1].
        -- rewrite Rpow_mult_distr. rewrite <- (Rsqr_pow2 (sqrt g)), Rsqr_sqrt by assumption. apply Rmult_le_compat_l; assumption.
Qed.
Lemma variance_is : reward_variance = var L [].
Proof.
  unfold reward_variance, var. set (j := objective theta).
  rewrite (expect_ext _ (fun h => 1 * (reward h ^2) + 1 * (-2 * j * reward h + j^2 * 1))) by (intros; ring).
  rewrite (expect_comb (fun h => reward h ^2) (fun h => -2 * j * reward h + j^2 * 1)). rewrite (expect_comb reward (fun _ => 1)). rewrite expect_const. unfold j, objective. ring.
Qed.
Lemma length_is : mean_length = len L [].
Proof. unfold mean_length, len. apply expect_ext. intros. simpl. ring. Qed.
Lemma gradient_exists : is_gradient dims objective theta (gradient L []).
Proof. apply gradient_is; [constructor | simpl; lia]. Qed.
Definition norm (v : D -> R) := sqrt (sum_over (fun k => v k ^2) dims).
(* B47: v is the gradient of J, STD(R) = sqrt reward_variance *)
Theorem random_length_gradient v : is_gradient dims objective theta v -> norm v <= gamma * sqrt (mean_length / 2) * sqrt reward_variance.
Proof.
  intros Hv. set (s := sum_over (fun k => v k ^2) dims). assert (s0 : 0 <= s) by (apply sum_nonneg; intros; apply pow2_ge_0).
  assert (Ed : dot dims (gradient L []) v = s).
  { assert (U := gradient_unique dims objective theta v (gradient L []) Hv gradient_exists). unfold dot, s. apply sum_ext. intros k Hk. rewrite <- (U k Hk). ring. }
  assert (B := directional L [] v reach_start ltac:(simpl; lia)). rewrite Ed in B. rewrite <- length_is, <- variance_is in B.
  replace (dot dims v v) with s in B by (unfold dot, s; apply sum_ext; intros; ring).
  assert (V0 : 0 <= reward_variance) by (rewrite variance_is; apply var_nonneg). assert (T0 : 0 <= mean_length) by (rewrite length_is; apply len_bounds).
  assert (C : s <= gamma ^2 * (mean_length / 2) * reward_variance).
  { destruct (Req_dec s 0) as [-> | n]; [apply Rmult_le_pos; [apply Rmult_le_pos; [apply pow2_ge_0 | lra] | assumption] |]. apply Rmult_le_reg_l with s; lra. }
  unfold norm. fold s. apply Rsqr_incr_0_var; [| repeat apply Rmult_le_pos; try assumption; apply sqrt_pos].
  rewrite !Rsqr_mult, !Rsqr_sqrt by lra. rewrite Rsqr_pow2. exact C.
Qed.
(* B06: at most L tokens *)
Theorem sequence_gradient v : is_gradient dims objective theta v -> norm v <= gamma * sqrt (INR L / 2) * sqrt reward_variance.
Proof.
  intros Hv. eapply Rle_trans; [apply random_length_gradient; exact Hv |]. apply Rmult_le_compat_r; [apply sqrt_pos |]. apply Rmult_le_compat_l; [assumption |].
  apply sqrt_le_1_alt. rewrite length_is. assert (B := len_bounds L []). lra.
Qed.
(* L01: x^(2/3) of a non-negative x *)
Definition two_thirds x := if Rle_dec x 0 then 0 else Rpower x (2 / 3).
Theorem razin_gradient v : (forall h, -1 <= reward h <= 1) -> is_gradient dims objective theta v -> norm v <= 6 * INR L * gamma * two_thirds (sqrt reward_variance).
Proof.
  intros Hr Hv. assert (B := sequence_gradient v Hv). set (s := sqrt reward_variance) in *. assert (s0 : 0 <= s) by apply sqrt_pos.
  assert (V1 : reward_variance <= 1).
  { rewrite variance_is. unfold var. assert (Q1 : Q L [] <= 1).
    { rewrite <- (expect_const 1 L []). apply expect_le. intros h. destruct (Hr h). nra. } assert (S := pow2_ge_0 (M L [])). lra. }
  assert (s1 : s <= 1) by (unfold s; rewrite <- sqrt_1; apply sqrt_le_1_alt; assumption).
  assert (Ln := pos_INR L). assert (HL : sqrt (INR L / 2) <= 6 * INR L).
  { destruct L as [|n]; [simpl; replace (0 / 2) with 0 by field; rewrite sqrt_0; lra |]. rewrite S_INR in *. assert (H := pos_INR n).
    apply Rsqr_incr_0_var; [rewrite Rsqr_sqrt by lra; unfold Rsqr; nra | lra]. }
  unfold two_thirds. destruct (Rle_dec s 0) as [z | nz].
  - assert (s = 0) by lra. rewrite H in B. rewrite Rmult_0_r in *. exact B.
  - assert (sp : 0 < s) by lra. assert (P : s <= Rpower s (2 / 3)).
    { rewrite <- (Rpower_1 s sp) at 1. unfold Rpower. assert (ln s <= 0). { rewrite <- ln_1. destruct (Req_dec s 1) as [-> | ne]; [lra | left; apply ln_increasing; lra]. }
      destruct (Req_dec (ln s) 0) as [e | ne]; [rewrite e, !Rmult_0_r; lra |]. left. apply exp_increasing. lra. }
    eapply Rle_trans; [exact B |]. replace (6 * INR L * gamma * Rpower s (2 / 3)) with (gamma * (6 * INR L) * Rpower s (2 / 3)) by ring.
    apply Rmult_le_compat; [apply Rmult_le_pos; [assumption | apply sqrt_pos] | assumption | apply Rmult_le_compat_l; assumption | exact P].
Qed.
End Tokens.
