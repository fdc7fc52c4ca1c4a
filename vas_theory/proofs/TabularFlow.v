(* L06: tabular policies, N training prompts of K arms each with logits of their own; the flow of the mean over the prompts. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Tokens FlowBound GradientFlow.
Import ListNotations.
Open Scope R_scope.
Lemma sum_list_prod {A B : Type} (f : A * B -> R) l m : sum_over f (list_prod l m) = sum_over (fun a => sum_over (fun b => f (a, b)) m) l.
Proof.
  assert (App : forall l1 l2, sum_over f (l1 ++ l2) = sum_over f l1 + sum_over f l2) by (intros l1 l2; induction l1 as [|x t IH]; simpl; [ring | rewrite IH; ring]).
  induction l as [|a l IH]; simpl; [reflexivity |]. rewrite App, IH. f_equal. clear. induction m as [|b m IH]; simpl; [reflexivity | rewrite IH; reflexivity].
Qed.
Section TabularFlow.
Variables (N K : nat).
Hypothesis HN : (0 < N)%nat.
Hypothesis HK : (0 < K)%nat.
Notation prompts := (seq 0 N). Notation acts := (seq 0 K).
Definition dims := list_prod prompts acts. (* one logit for each prompt and arm *)
Definition pol (th : nat * nat -> R) x y := softmax K (fun k => th (x, k)) y.
Definition mu (x : nat) := / INR N.
Variables (reward target : nat -> nat -> R) (beta T : R) (theta velocity : R -> nat * nat -> R).
Hypothesis Hbeta : 0 <= beta.
Hypothesis Htarget : forall x y, -1 <= target x y <= 1.
Definition g t x y (xk : nat * nat) := if Nat.eq_dec (fst xk) x then (if Nat.eq_dec (snd xk) y then 1 else 0) - pol (theta t) x (snd xk) else 0. (* e_y - pi, at prompt x *)
(* gradient flow of the mean over the prompts of E R - beta KL(pi | pi_0) *)
Hypothesis Hflow : gradient_flow prompts acts dims pol mu reward beta theta velocity T.
Lemma N_pos : 0 < INR N.
Proof. apply lt_0_INR. assumption. Qed.
Lemma mu_sum : sum_over mu prompts = 1.
Proof.
  assert (G : forall n s, sum_over mu (seq s n) = INR n * / INR N) by (induction n; intros s; [simpl; ring | cbn [seq sum_over]; rewrite IHn, S_INR; unfold mu; ring]).
  rewrite G. apply Rinv_r. assert (H := N_pos). lra.
Qed.
Lemma pol_pos th x y : 0 < pol th x y.
Proof. apply softmax_pos. assumption. Qed.
Lemma pol_one th x : sum_over (pol th x) acts = 1.
Proof. apply softmax_sum1. assumption. Qed.
Lemma score_dot t x y w : In x prompts -> dot dims (g t x y) w = sum_over (fun k => ((if Nat.eq_dec k y then 1 else 0) - pol (theta t) x k) * w (x, k)) acts.
Proof.
  intros Hx. unfold dot, dims. rewrite sum_list_prod.
  rewrite (sum_ext _ (fun a => if Nat.eq_dec a x then sum_over (fun k => ((if Nat.eq_dec k y then 1 else 0) - pol (theta t) x k) * w (a, k)) acts else 0)).
  - rewrite (sum_one (fun a => sum_over (fun k => ((if Nat.eq_dec k y then 1 else 0) - pol (theta t) x k) * w (a, k)) acts) x prompts); [reflexivity | apply seq_NoDup | assumption].
  - intros a _. unfold g. cbn [fst snd]. destruct (Nat.eq_dec a x); [reflexivity |]. rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). apply sum_zero.
Qed.
Lemma score_of_arm t x y w : In x prompts -> In y acts -> dot dims (g t x y) w = w (x, y) - sum_over (fun k => pol (theta t) x k * w (x, k)) acts.
Proof.
  intros Hx Hy. rewrite score_dot by assumption.
  rewrite (sum_comb [(1, fun k => if Nat.eq_dec k y then w (x, k) else 0); (-1, fun k => pol (theta t) x k * w (x, k))]) by (intros k _; cbn [comb]; destruct (Nat.eq_dec k y); ring).
  cbn [comb_sum]. rewrite (sum_one (fun k => w (x, k)) y acts) by (try apply seq_NoDup; assumption). ring.
Qed.
(* a softmax with logits of its own for every prompt has the score e_y - pi *)
Lemma tabular_smooth : smooth_along prompts acts dims pol theta velocity g T.
Proof.
  intros t x y Hx Hy Ht. assert (Iy := Hy). apply in_seq in Iy.
  assert (Dt : forall w, dot dims (fun k => pol (theta t) x y * g t x y k) w = pol (theta t) x y * (w (x, y) - mean acts (pol (theta t) x) (fun k => w (x, k)))).
  { intros w. rewrite (dot_scal dims). rewrite score_of_arm by assumption. reflexivity. }
  split.
  - intros u. rewrite Dt. assert (D := softmax_curve_derive K (fun s k => move (theta t) u s (x, k)) (fun k => u (x, k)) 0 y HK ltac:(lia)). cbv beta in D. rewrite move_0 in D.
    apply D. intros j _. unfold move. auto_derive; [trivial | ring].
  - rewrite Dt. apply (softmax_curve_derive K (fun s k => theta s (x, k)) (fun k => velocity t (x, k)) t y HK ltac:(lia)). intros j Hj.
    destruct (Hflow t Ht) as [Hv _]. apply Hv. unfold dims. apply in_prod; [assumption | apply in_seq; lia].
Qed.
(* one of the prompts: its probabilities p, their motion a, the adjusted reward R~ = R - beta log (pi / pi_0) *)
Variable x : nat.
Hypothesis Hx : In x prompts.
Definition alone (_ : nat) := 1. (* the weight of the prompt in its own mean *)
Notation p := (GradientFlow.p pol theta).
Notation a := (GradientFlow.a dims velocity g).
Notation E := (FlowBound.E acts p).
Notation adjusted := (FlowBound.adjusted reward beta p).
Notation adjusted_mean := (FlowBound.adjusted_mean acts reward beta p).
Notation variance := (FlowBound.variance [x] acts alone reward beta p).
Notation v t k := (velocity t (x, k)).
Let Hp (x y : nat) (t : R) : 0 < p x y t := pol_pos (theta t) x y.
Let H1 (x : nat) (t : R) : sum_over (fun y => p x y t) acts = 1 := pol_one (theta t) x.
Lemma own_velocity t k : 0 <= t <= T -> In k acts -> v t k = / INR N * (p x k t * (adjusted x k t - adjusted_mean x t)).
Proof.
  intros Ht Hk. rewrite (velocity_eq prompts acts dims pol mu reward beta theta velocity g T pol_pos pol_one tabular_smooth Hflow t (x, k) Ht) by (unfold dims; apply in_prod; assumption).
  rewrite (sum_ext _ (fun z => if Nat.eq_dec z x then mu z * E z t (fun y => adjusted z y t * g t z y (z, k)) else 0)).
  - rewrite (sum_one (fun z => mu z * E z t (fun y => adjusted z y t * g t z y (z, k))) x prompts) by (try apply seq_NoDup; assumption). unfold mu. f_equal.
    rewrite (E_comb acts p x t [(1, fun y => if Nat.eq_dec y k then adjusted x y t else 0); (- p x k t, fun y => adjusted x y t)]).
    + cbn [comb_E]. change (E x t (fun y => adjusted x y t)) with (adjusted_mean x t).
      unfold FlowBound.E. rewrite (sum_ext _ (fun y => if Nat.eq_dec y k then p x y t * adjusted x y t else 0)) by (intros y _; destruct (Nat.eq_dec y k); ring).
      rewrite (sum_one (fun y => p x y t * adjusted x y t) k acts) by (try apply seq_NoDup; assumption). ring.
    + intros y _. unfold g. cbn [fst snd comb]. destruct (Nat.eq_dec x x) as [_ | n]; [| tauto]. unfold GradientFlow.p. destruct (Nat.eq_dec k y), (Nat.eq_dec y k); subst; try tauto; ring.
  - intros z _. destruct (Nat.eq_dec z x) as [-> | n]; [reflexivity |]. unfold FlowBound.E. rewrite (sum_ext _ (fun _ => 0)).
    + rewrite sum_zero. ring.
    + intros y _. unfold g. cbn [fst]. destruct (Nat.eq_dec x z); [subst; tauto | ring].
Qed.
Lemma own_motion t y : In y acts -> a x y t = v t y - sum_over (fun k => p x k t * v t k) acts.
Proof. intros Hy. apply (score_of_arm t x y (velocity t)); assumption. Qed.
(* |velocity|_1 = E|R~ - m| / N <= sqrt V / N *)
Lemma own_speed t : 0 <= t <= T -> sum_over (fun k => Rabs (v t k)) acts <= / INR N * sqrt (variance t).
Proof.
  intros Ht. assert (n0 := N_pos). assert (M := mean_deviation_at_most [x] acts alone reward beta p (fun _ _ => Rle_0_1) Hp H1 t ltac:(simpl; unfold alone; ring)).
  cbn [sum_over] in M. unfold alone in M at 1. rewrite Rmult_1_l, Rplus_0_r in M.
  rewrite (sum_ext _ (fun k => / INR N * (p x k t * Rabs (adjusted x k t - adjusted_mean x t)))).
  - rewrite sum_scal. apply Rmult_le_compat_l; [left; apply Rinv_0_lt_compat; assumption | exact M].
  - intros k Hk. rewrite own_velocity by assumption. rewrite !Rabs_mult, (Rabs_pos_eq (/ INR N)), (Rabs_pos_eq (p x k t)); [reflexivity | left; apply Hp | left; apply Rinv_0_lt_compat; assumption].
Qed.
Lemma p_at_most_1 k t : In k acts -> p x k t <= 1.
Proof. intros Hk. rewrite <- (H1 x t). apply (sum_member (fun y => p x y t)); [assumption | intros; left; apply Hp]. Qed.
Lemma own_motion_at_most t y : 0 <= t <= T -> In y acts -> Rabs (a x y t) <= / INR N * sqrt (variance t).
Proof.
  intros Ht Hy. eapply Rle_trans; [| apply own_speed; assumption]. unfold GradientFlow.a. rewrite score_dot by assumption. eapply Rle_trans; [apply sum_abs |].
  apply sum_le. intros k Hk. rewrite Rabs_mult. rewrite <- (Rmult_1_l (Rabs (v t k))) at 2. apply Rmult_le_compat_r; [apply Rabs_pos |].
  assert (P0 := Hp x k t). assert (P1 := p_at_most_1 k t Hk). unfold GradientFlow.p in P0, P1. apply Rabs_le. destruct (Nat.eq_dec k y); lra.
Qed.
Lemma own_drift t : 0 <= t <= T -> 0 <= drift [x] acts alone reward beta p a t.
Proof.
  intros Ht. assert (n0 := N_pos). unfold drift, alone. cbn [sum_over]. rewrite Rmult_1_l, Rplus_0_r. set (c := sum_over (fun k => p x k t * v t k) acts).
  unfold FlowBound.E. rewrite (sum_ext _ (fun y => INR N * v t y ^2 - c * (p x y t * (adjusted x y t - adjusted_mean x t)))).
  - rewrite (sum_comb [(INR N, fun y => v t y ^2); (- c, fun y => p x y t * (adjusted x y t - adjusted_mean x t))]) by (intros; cbn [comb]; ring). cbn [comb_sum].
    assert (Z : sum_over (fun y => p x y t * (adjusted x y t - adjusted_mean x t)) acts = 0).
    { rewrite (sum_comb [(1, fun y => p x y t * adjusted x y t); (- adjusted_mean x t, fun y => p x y t)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. unfold FlowBound.adjusted_mean at 1, FlowBound.E. ring. }
    rewrite Z. assert (0 <= INR N * sum_over (fun y => v t y ^2) acts) by (apply Rmult_le_pos; [lra | apply sum_nonneg; intros; apply pow2_ge_0]). lra.
  - intros y Hy. rewrite own_motion by assumption. fold c. assert (O := own_velocity t y Ht Hy). set (w := v t y) in *.
    replace (p x y t * (adjusted x y t - adjusted_mean x t)) with (INR N * w) by (rewrite O; field; lra).
    replace (p x y t * ((adjusted x y t - adjusted_mean x t) * (w - c))) with (p x y t * (adjusted x y t - adjusted_mean x t) * (w - c)) by ring.
    replace (p x y t * (adjusted x y t - adjusted_mean x t)) with (INR N * w) by (rewrite O; field; lra). ring.
Qed.
(* the target's mean moves at the speed |velocity|_1 at most, because p_k |T_k - m| <= 1 *)
Lemma own_target t : 0 <= t <= T -> target_slope [x] acts p a alone target t <= / INR N * sqrt (variance t).
Proof.
  intros Ht. eapply Rle_trans; [| apply own_speed; assumption]. unfold target_slope, alone. cbn [sum_over]. rewrite Rmult_1_l, Rplus_0_r. set (m := E x t (target x)).
  assert (Eq : E x t (fun y => a x y t * target x y) = sum_over (fun k => v t k * (p x k t * (target x k - m))) acts).
  { unfold FlowBound.E at 1. set (c := sum_over (fun k => p x k t * v t k) acts). rewrite (sum_ext _ (fun y => p x y t * (v t y * target x y) - c * (p x y t * target x y))) by (intros y Hy; rewrite own_motion by assumption; fold c; ring).
    rewrite (sum_comb [(1, fun y => p x y t * (v t y * target x y)); (- c, fun y => p x y t * target x y)]) by (intros; cbn [comb]; ring).
    rewrite (sum_comb [(1, fun y => p x y t * (v t y * target x y)); (- m, fun y => p x y t * v t y)] (fun k => v t k * (p x k t * (target x k - m)))) by (intros; cbn [comb]; ring).
    cbn [comb_sum]. fold c. unfold m, FlowBound.E. ring. }
  rewrite Eq. apply sum_le. intros k Hk. eapply Rle_trans; [apply Rle_abs |]. rewrite Rabs_mult. rewrite <- (Rmult_1_r (Rabs (v t k))) at 2. apply Rmult_le_compat_l; [apply Rabs_pos |].
  assert (P0 := Hp x k t). assert (P1 := p_at_most_1 k t Hk). destruct (Htarget x k) as [T0 T1].
  assert (B1 : p x k t * (1 - target x k) <= 1 - m).
  { replace (1 - m) with (sum_over (fun y => p x y t * (1 - target x y)) acts).
    - apply (sum_member (fun y => p x y t * (1 - target x y))); [assumption | intros y _; apply Rmult_le_pos; [left; apply Hp | destruct (Htarget x y); lra]].
    - rewrite (sum_comb [(1, fun y => p x y t); (-1, fun y => p x y t * target x y)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. unfold m, FlowBound.E. ring. }
  assert (B2 : p x k t * (1 + target x k) <= 1 + m).
  { replace (1 + m) with (sum_over (fun y => p x y t * (1 + target x y)) acts).
    - apply (sum_member (fun y => p x y t * (1 + target x y))); [assumption | intros y _; apply Rmult_le_pos; [left; apply Hp | destruct (Htarget x y); lra]].
    - rewrite (sum_comb [(1, fun y => p x y t); (1, fun y => p x y t * target x y)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. rewrite H1. unfold m, FlowBound.E. ring. }
  set (q := p x k t) in *. set (z := target x k) in *. clearbody q z m. apply Rabs_le.
  assert (Q : q * (1 - q) <= / 4) by (assert (0 <= (q - / 2)^2) by apply pow2_ge_0; lra).
  assert (C1 : q * (q * (1 - z)) <= q * (1 - m)) by (apply Rmult_le_compat_l; lra). assert (C2 : q * (q * (1 + z)) <= q * (1 + m)) by (apply Rmult_le_compat_l; lra).
  assert (D1 : q * (1 - q) * z <= q * (1 - q)) by (assert (0 <= q * (1 - q)) by (apply Rmult_le_pos; lra); nra).
  assert (D2 : - (q * (1 - q)) <= q * (1 - q) * z) by (assert (0 <= q * (1 - q)) by (apply Rmult_le_pos; lra); nra).
  split; lra.
Qed.
Definition start_variance := sum_over (fun y => pol (theta 0) x y * (reward x y - sum_over (fun z => pol (theta 0) x z * reward x z) acts)^2) acts. (* Var_0 at the prompt *)
Definition target_at t := sum_over (fun y => pol (theta t) x y * target x y) acts.
Lemma own_start : variance 0 = start_variance.
Proof.
  assert (S := start [x] acts pol alone reward beta theta pol_pos). unfold GradientFlow.start_variance, alone in S. cbn [sum_over] in S. rewrite Rmult_1_l, Rplus_0_r in S. exact S.
Qed.
(* L06: N = |S| training prompts *)
Theorem tabular_time t gamma : 0 <= t <= T -> 0 < start_variance -> target_at t >= target_at 0 + gamma ->
  t >= 2 * INR N * (1 - exp (- (gamma / 2))) / sqrt start_variance.
Proof.
  intros Ht HV Hrise. assert (n0 := N_pos). apply Rle_ge. rewrite <- own_start in *. assert (s0 : 0 < sqrt (variance 0)) by (apply sqrt_lt_R0; assumption).
  replace (2 * INR N * (1 - exp (- (gamma / 2))) / sqrt (variance 0)) with (2 * (1 - exp (- (gamma / 2))) / (/ INR N * sqrt (variance 0))) by (field; lra).
  assert (Hone : forall z, In z [x] -> z = x) by (intros z [e | []]; auto).
  apply (time_bound_linear [x] acts alone reward beta T p a (fun _ _ => Rle_0_1) Hbeta Hp H1) with (om := alone) (target := target); try assumption.
  - intros z y s Hz Hy Hs. rewrite (Hone z Hz). apply (p_moves prompts acts dims pol theta velocity g T tabular_smooth x y s Hx Hy Hs).
  - apply Rinv_0_lt_compat. assumption.
  - apply own_drift.
  - intros s z y Hs Hz Hy. rewrite (Hone z Hz). apply own_motion_at_most; assumption.
  - apply own_target.
  - unfold target_mean, alone. cbn [sum_over]. unfold target_at in Hrise. unfold FlowBound.E, GradientFlow.p. lra.
Qed.
End TabularFlow.
