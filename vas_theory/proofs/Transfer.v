(* Held-out progress under prompt sampling, the value of a score with error, and the price of revisiting a prompt.
   pool: the training prompts; g x: the expected update that a step on the prompt x makes; h: the gradient of the held-out
   objective; s: the score in proportion to which prompts are drawn. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Calculus Policy Pools GroupStep.
Import ListNotations.
Open Scope R_scope.
Section Transfer.
Context {X D : Type} (pool : list X) (dims : list D) (g : X -> D -> R) (h : D -> R).
Definition size := sum_over (fun _ : X => 1) pool.
Definition average (f : X -> R) := sum_over f pool / size. (* over the pool *)
Definition covariance (f f' : X -> R) := average (fun x => f x * f' x) - average f * average f'.
Definition transfer x := dot dims (g x) h. (* what a step on x adds to the held-out objective, first order *)
Definition progress (q : X -> R) := sum_over (fun x => q x * transfer x) pool. (* first order, prompts drawn from q *)
Definition in_proportion (s : X -> R) x := s x / sum_over s pool.
Definition uniform (_ : X) := / size.
Hypothesis Hsize : size <> 0.
(* progress is the derivative of the held-out objective along the mean update *)
Theorem progress_is_derivative H theta q : is_gradient dims H theta h ->
  is_derive (fun t => H (move theta (fun k => sum_over (fun x => q x * g x k) pool) t)) 0 (progress q).
Proof.
  intros Hh. evar_last; [apply Hh |]. unfold progress, transfer.
  rewrite <- (dot_sum_l dims q g h pool). unfold dot. apply sum_ext. intros. ring.
Qed.
Lemma progress_uniform : progress uniform = average transfer.
Proof. unfold progress, average, uniform. rewrite sum_scal. field. assumption. Qed.
(* drawing in proportion to s instead of uniformly adds Cov(s, transfer) / mean s *)
Theorem proportional_progress s : average s <> 0 -> progress (in_proportion s) - progress uniform = covariance s transfer / average s.
Proof.
  intros Hs. assert (S0 : sum_over s pool <> 0) by (intro e; apply Hs; unfold average; rewrite e; unfold Rdiv; ring).
  rewrite progress_uniform. unfold progress, in_proportion, covariance, average.
  rewrite (sum_comb [(/ sum_over s pool, fun x => s x * transfer x)]) by (intros; unfold Rdiv; cbn [comb]; ring). cbn [comb_sum]. field. split; assumption.
Qed.
Theorem proportional_progress_sign s : 0 < average s ->
  (progress (in_proportion s) > progress uniform <-> covariance s transfer > 0) /\ (progress (in_proportion s) < progress uniform <-> covariance s transfer < 0).
Proof.
  intros Hs. assert (E := proportional_progress s ltac:(lra)). assert (M : covariance s transfer = (progress (in_proportion s) - progress uniform) * average s) by (rewrite E; field; lra).
  split; split; intros H.
  - rewrite M. apply Rmult_lt_0_compat; lra.
  - rewrite M in H. assert (0 < progress (in_proportion s) - progress uniform); [| lra]. apply Rmult_lt_reg_r with (average s); [assumption | lra].
  - assert (0 < (progress uniform - progress (in_proportion s)) * average s) by (apply Rmult_lt_0_compat; lra). lra.
  - assert (0 < progress uniform - progress (in_proportion s)); [| lra]. apply Rmult_lt_reg_r with (average s); [assumption | lra].
Qed.
(* held-out prompts as a list of their own: a sum over pairs of gradient inner products *)
Theorem progress_over_pairs (held : list X) s : let m := sum_over (fun _ : X => 1) held in
  (forall k, In k dims -> h k = sum_over (fun y => g y k) held / m) -> average s <> 0 -> m <> 0 ->
  progress (in_proportion s) - progress uniform = sum_over (fun x => sum_over (fun y => (s x - average s) * dot dims (g x) (g y)) held) pool / (size * m * average s).
Proof.
  intros m Hh Hs Hm. rewrite proportional_progress by assumption.
  assert (Ct : forall x, sum_over (fun y => dot dims (g x) (g y)) held = m * transfer x).
  { intros x. unfold transfer, dot. rewrite sum_swap. rewrite <- sum_scal. apply sum_ext. intros k Hk. rewrite sum_scal, (Hh k Hk). field. assumption. }
  rewrite (sum_ext _ (fun x => m * (s x * transfer x) - m * average s * transfer x)) by (intros; rewrite sum_scal, Ct; ring).
  rewrite (sum_comb [(m, fun x => s x * transfer x); (- (m * average s), transfer)]) by (intros; cbn [comb]; ring). cbn [comb_sum].
  assert (S0 : sum_over s pool <> 0) by (intro e; apply Hs; unfold average; rewrite e; unfold Rdiv; ring).
  unfold covariance, average. field. repeat split; assumption.
Qed.
(* the gain relative to uniform drawing is the correlation of score and transfer times their coefficients of variation *)
Definition deviation f := sqrt (covariance f f).
Definition correlation f f' := covariance f f' / (deviation f * deviation f').
Theorem relative_gain s : average s <> 0 -> average transfer <> 0 -> 0 < covariance s s -> 0 < covariance transfer transfer ->
  progress (in_proportion s) / progress uniform = 1 + correlation s transfer * (deviation s / average s) * (deviation transfer / average transfer).
Proof.
  intros Hs Ht Vs Vt. assert (D1 : 0 < deviation s) by (apply sqrt_lt_R0; assumption). assert (D2 : 0 < deviation transfer) by (apply sqrt_lt_R0; assumption).
  assert (E := proportional_progress s Hs). rewrite progress_uniform in *.
  replace (progress (in_proportion s)) with (average transfer + covariance s transfer / average s) by lra. unfold correlation. field. repeat split; lra.
Qed.
(* an error of mean zero that the transfer does not see costs no first-order progress *)
Theorem unrelated_error_is_free s e : average s <> 0 -> average e = 0 -> average (fun x => e x * transfer x) = 0 ->
  progress (in_proportion (fun x => s x + e x)) = progress (in_proportion s).
Proof.
  intros Hs He Het. assert (Ea : average (fun x => s x + e x) = average s). { transitivity (average s + average e); [unfold average; rewrite sum_plus; field; assumption | rewrite He; ring]. }
  assert (E1 := proportional_progress (fun x => s x + e x) ltac:(rewrite Ea; assumption)). assert (E2 := proportional_progress s Hs).
  assert (C : covariance (fun x => s x + e x) transfer = covariance s transfer).
  { unfold covariance. rewrite Ea. replace (average (fun x => (s x + e x) * transfer x)) with (average (fun x => s x * transfer x) + average (fun x => e x * transfer x)); [rewrite Het; ring |].
    unfold average. rewrite (sum_ext (fun x => (s x + e x) * transfer x) (fun x => s x * transfer x + e x * transfer x)) by (intros; ring). rewrite sum_plus. field. assumption. }
  rewrite C, Ea in E1. lra.
Qed.
End Transfer.
(* paying the share f of the budget for a score of relative gain c: worth it up to f = c / (1 + c) *)
Theorem break_even c f : 0 < 1 + c -> ((1 - f) * (1 + c) >= 1 <-> f <= c / (1 + c)).
Proof.
  intros H. assert (E : c / (1 + c) * (1 + c) = c) by (field; lra). split; intros Hf.
  - apply Rmult_le_reg_r with (1 + c); [assumption | rewrite E; lra].
  - assert (f * (1 + c) <= c / (1 + c) * (1 + c)) by (apply Rmult_le_compat_r; lra). rewrite E in *. lra.
Qed.
(* C15: paying the share f of the budget for the score s does no worse than uniform drawing exactly up to c / (1 + c), c its relative gain *)
Theorem paying_breaks_even {X D : Type} (pool : list X) (dims : list D) (g : X -> D -> R) (h : D -> R) s f : let t := transfer dims g h in
  let c := covariance pool s t / (average pool s * average pool t) in size pool <> 0 -> average pool s <> 0 -> 0 < average pool t -> 0 < 1 + c ->
  ((1 - f) * progress pool dims g h (in_proportion pool s) >= progress pool dims g h (uniform pool) <-> f <= c / (1 + c)).
Proof.
  intros t c Hn Hs Ht Hc. rewrite <- (break_even c f Hc). assert (E := proportional_progress pool dims g h Hn s Hs). rewrite (progress_uniform pool dims g h Hn) in *. fold t in E |- *.
  assert (F : progress pool dims g h (in_proportion pool s) = average pool t * (1 + c)) by (replace (progress pool dims g h (in_proportion pool s)) with (average pool t + covariance pool s t / average pool s) by lra; unfold c; field; split; lra).
  rewrite F. split; intros H.
  - apply Rle_ge. apply Rmult_le_reg_l with (average pool t); lra.
  - apply Rge_le in H. apply Rle_ge. apply (Rmult_le_compat_l (average pool t)) in H; lra.
Qed.
(* a softmax over a right and a wrong answer whose logits differ by phi . theta: the gradient of the pass rate is p (1 - p) phi *)
Definition pass_rate {D : Type} (dims : list D) (phi theta : D -> R) := / (1 + exp (- dot dims phi theta)).
Theorem linear_softmax_gradient {D : Type} (dims : list D) phi theta : let p := pass_rate dims phi theta in
  is_gradient dims (pass_rate dims phi) theta (fun k => p * (1 - p) * phi k).
Proof.
  intros p u. assert (Line : forall t, dot dims phi (move theta u t) = dot dims phi theta + t * dot dims phi u).
  { intros t. unfold dot, move. rewrite (sum_comb [(1, fun k => phi k * theta k); (t, fun k => phi k * u k)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. ring. }
  assert (Du : dot dims (fun k => p * (1 - p) * phi k) u = p * (1 - p) * dot dims phi u) by (unfold dot; rewrite <- sum_scal; apply sum_ext; intros; ring). rewrite Du.
  apply (is_derive_ext (fun t => / (1 + exp (- (dot dims phi theta + t * dot dims phi u))))); [intros; unfold pass_rate; rewrite Line; reflexivity |].
  assert (P := exp_pos (- dot dims phi theta)). auto_derive.
  - rewrite Rmult_0_l, Rplus_0_r. lra.
  - unfold p, pass_rate. rewrite Rmult_0_l, Rplus_0_r. field. lra.
Qed.
(* drawing by variance raises held-out progress by the factor 1 + CV^2 when every prompt transfers alike, ... *)
Theorem alike_prompts_gain {X : Type} (pool : list X) (v : X -> R) c : let n := size pool in n <> 0 -> average pool v <> 0 -> c <> 0 ->
  sum_over (fun x => v x / sum_over v pool * (v x * c)) pool / (sum_over (fun x => / n * (v x * c)) pool) = 1 + covariance pool v v / average pool v ^2.
Proof.
  intros n Hn Hv Hc. assert (S0 : sum_over v pool <> 0) by (intro e; apply Hv; unfold average; rewrite e; unfold Rdiv; ring).
  rewrite (sum_comb [(c / sum_over v pool, fun x => v x * v x)] (fun x => v x / sum_over v pool * (v x * c))) by (intros; unfold Rdiv; cbn [comb]; ring).
  rewrite (sum_comb [(/ n * c, v)] (fun x => / n * (v x * c))) by (intros; cbn [comb]; ring). cbn [comb_sum]. unfold covariance, average. fold n. field. repeat split; assumption.
Qed.
(* ... and lowers it when the prompt of the larger variance does not transfer: two prompts of a linear softmax with the
   pass rates 1/2 and 1/4, of which the held-out prompt shares the second one's direction *)
Theorem variance_sampling_can_lower_transfer : exists (phi : bool -> bool -> R) (theta : bool -> R), let dims := [true; false] in let pool := [true; false] in
  let p x := pass_rate dims (phi x) theta in let v x := p x * (1 - p x) in let g x k := v x * phi x k in
  progress pool dims g (g false) (in_proportion pool v) < progress pool dims g (g false) (uniform pool).
Proof.
  exists (fun x k : bool => if Bool.eqb x k then 1 else 0), (fun k : bool => if k then 0 else - ln 3).
  assert (E3 : exp (ln 3) = 3) by (apply exp_ln; lra).
  unfold progress, transfer, in_proportion, uniform, size, pass_rate, dot. simpl.
  replace (- (1 * 0 + (0 * - ln 3 + 0))) with 0 by ring. replace (- (0 * 0 + (1 * - ln 3 + 0))) with (ln 3) by ring. rewrite exp_0, E3. lra.
Qed.
(* ---- revisiting: m independent blocks, each a prompt drawn from q and k rollouts of it ---- *)
Section Revisits.
Context {X Y : Type} (prompts : list X) (acts : list Y) (q : X -> R) (pol : X -> Y -> R) (u : X -> Y -> R) (k : nat). (* u x y: one coordinate of a rollout's update *)
Hypothesis Hq : sum_over q prompts = 1.
Hypothesis Hpol : forall x, sum_over (pol x) acts = 1.
Hypothesis Hk : (0 < k)%nat.
Definition block (f : X -> list Y -> R) := sum_over (fun x => q x * EK acts (pol x) k (f x)) prompts. (* mean over one block *)
Fixpoint blocks (m : nat) (f : list (X * list Y) -> R) : R := match m with O => f [] | S j => block (fun x w => blocks j (fun l => f ((x, w) :: l))) end.
Definition block_update (b : X * list Y) := sum_over (u (fst b)) (snd b) / INR k. (* mean over the block's rollouts *)
Definition batch_update m (l : list (X * list Y)) := sum_over block_update l / INR m.
Definition prompt_mean x := mean acts (pol x) (u x).
Definition prompt_noise x := mean acts (pol x) (fun y => u x y ^2) - prompt_mean x ^2. (* Var of one rollout *)
Definition whole_mean := sum_over (fun x => q x * prompt_mean x) prompts.
Definition between := sum_over (fun x => q x * prompt_mean x ^2) prompts - whole_mean ^2. (* spread of the prompts *)
Definition within := sum_over (fun x => q x * prompt_noise x) prompts. (* noise of a rollout *)
Lemma k_pos : 0 < INR k.
Proof. apply lt_0_INR. assumption. Qed.
Lemma block_ext f f' : (forall x w, f x w = f' x w) -> block f = block f'.
Proof. intros H. apply sum_ext. intros x _. f_equal. apply EK_ext. intros. apply H. Qed.
Lemma block_comb f f' a b : block (fun x w => a * f x w + b * f' x w) = a * block f + b * block f'.
Proof.
  unfold block. rewrite (sum_comb [(a, fun x => q x * EK acts (pol x) k (f x)); (b, fun x => q x * EK acts (pol x) k (f' x))]); [cbn [comb_sum]; ring |].
  intros x _. cbn [comb]. rewrite (EK_plus acts (pol x) k (fun w => a * f x w) (fun w => b * f' x w)), !(GroupMoments.EK_scal acts (pol x) k). ring.
Qed.
Lemma block_one c : block (fun _ _ => c) = c.
Proof. unfold block. rewrite (sum_comb [(c, q)]); [cbn [comb_sum]; rewrite Hq; ring | intros x _; cbn [comb]; rewrite (EK_const acts (pol x) (Hpol x)); ring]. Qed.
Lemma block_mean : block (fun x w => block_update (x, w)) = whole_mean.
Proof.
  assert (N := k_pos). unfold block, whole_mean. apply sum_ext. intros x _. f_equal. unfold block_update. cbn [fst snd].
  rewrite (EK_ext acts (pol x) k _ (fun w => / INR k * sum_over (u x) w)) by (intros; unfold Rdiv; ring). rewrite (GroupMoments.EK_scal acts (pol x) k), (EK_total acts (pol x) (Hpol x)). unfold prompt_mean. field. lra.
Qed.
Lemma block_square : block (fun x w => block_update (x, w) ^2) = between + whole_mean ^2 + within / INR k.
Proof.
  assert (N := k_pos). unfold block, between, within.
  rewrite (sum_comb [(1, fun x => q x * prompt_mean x ^2); (/ INR k, fun x => q x * prompt_noise x)]); [cbn [comb_sum]; field; lra |].
  intros x _. cbn [comb]. unfold block_update. cbn [fst snd].
  rewrite (EK_ext acts (pol x) k _ (fun w => / INR k ^2 * (sum_over (u x) w * sum_over (u x) w))) by (intros; field; lra).
  rewrite (GroupMoments.EK_scal acts (pol x) k), (EK_product acts (pol x) (Hpol x)). unfold prompt_noise.
  assert (E : mean acts (pol x) (fun a => u x a * u x a) = mean acts (pol x) (fun y => u x y ^2)) by (apply sum_ext; intros; ring). rewrite E. fold (prompt_mean x). field. lra.
Qed.
Lemma blocks_moments m : blocks m (sum_over block_update) = INR m * whole_mean
  /\ blocks m (fun l => sum_over block_update l ^2) = INR m * (between + within / INR k) + (INR m * whole_mean)^2.
Proof.
  assert (Ext : forall j f f', (forall l, f l = f' l) -> blocks j f = blocks j f').
  { induction j; intros f f' H; cbn [blocks]; [apply H |]. apply block_ext. intros x w. apply IHj. intros l. apply H. }
  assert (Comb : forall j f f' a b, blocks j (fun l => a * f l + b * f' l) = a * blocks j f + b * blocks j f').
  { induction j; intros f f' a b; cbn [blocks]; [reflexivity |]. rewrite <- block_comb. apply block_ext. intros x w. apply IHj. }
  assert (One : forall j c, blocks j (fun _ => c) = c) by (induction j; intros c; cbn [blocks]; [reflexivity | transitivity (block (fun _ _ => c)); [apply block_ext; intros; apply IHj | apply block_one]]).
  induction m as [|m [IH1 IH2]]; [cbn; split; ring |]. rewrite S_INR. split; cbn [blocks].
  - rewrite (block_ext _ (fun x w => 1 * block_update (x, w) + 1 * (INR m * whole_mean))).
    + rewrite (block_comb (fun x w => block_update (x, w)) (fun _ _ => INR m * whole_mean)), block_mean, block_one. ring.
    + intros x w. cbn [sum_over]. rewrite (Ext m _ (fun l => 1 * block_update (x, w) + 1 * sum_over block_update l)) by (intros; ring). rewrite (Comb m (fun _ => block_update (x, w)) (sum_over block_update)), One, IH1. ring.
  - rewrite (block_ext _ (fun x w => 1 * block_update (x, w) ^2 + 1 * (2 * (INR m * whole_mean) * block_update (x, w) + 1 * (INR m * (between + within / INR k) + (INR m * whole_mean)^2)))).
    + rewrite (block_comb (fun x w => block_update (x, w) ^2) (fun x w => 2 * (INR m * whole_mean) * block_update (x, w) + 1 * (INR m * (between + within / INR k) + (INR m * whole_mean)^2))).
      rewrite (block_comb (fun x w => block_update (x, w)) (fun _ _ => INR m * (between + within / INR k) + (INR m * whole_mean)^2)), block_square, block_mean, block_one. ring.
    + intros x w. cbn [sum_over]. rewrite (Ext m _ (fun l => 1 * block_update (x, w) ^2 + 1 * (2 * block_update (x, w) * sum_over block_update l + 1 * sum_over block_update l ^2))) by (intros; ring).
      rewrite (Comb m (fun _ => block_update (x, w) ^2) (fun l => 2 * block_update (x, w) * sum_over block_update l + 1 * sum_over block_update l ^2)), One.
      rewrite (Comb m (sum_over block_update) (fun l => sum_over block_update l ^2)), IH1, IH2. ring.
Qed.
(* with N = m k rollouts in all: k of them to a prompt multiply the spread of the prompts by k *)
Theorem revisit_price m : (0 < m)%nat -> blocks m (batch_update m) = whole_mean /\ blocks m (fun l => (batch_update m l - whole_mean)^2) = (INR k * between + within) / INR (m * k).
Proof.
  intros Hm. destruct (blocks_moments m) as [M1 M2]. assert (N := k_pos). assert (Mp : 0 < INR m) by (apply lt_0_INR; assumption).
  assert (Ext : forall j f f', (forall l, f l = f' l) -> blocks j f = blocks j f').
  { induction j; intros f f' H; cbn [blocks]; [apply H |]. apply block_ext. intros x w. apply IHj. intros l. apply H. }
  assert (Comb : forall j f f' a b, blocks j (fun l => a * f l + b * f' l) = a * blocks j f + b * blocks j f').
  { induction j; intros f f' a b; cbn [blocks]; [reflexivity |]. rewrite <- block_comb. apply block_ext. intros x w. apply IHj. }
  assert (One : forall j c, blocks j (fun _ => c) = c) by (induction j; intros c; cbn [blocks]; [reflexivity | transitivity (block (fun _ _ => c)); [apply block_ext; intros; apply IHj | apply block_one]]).
  split.
  - rewrite (Ext m _ (fun l => / INR m * sum_over block_update l + 0 * 0)) by (intros; unfold batch_update, Rdiv; ring). rewrite (Comb m (sum_over block_update) (fun _ => 0)), One, M1. field. lra.
  - rewrite (Ext m _ (fun l => / INR m ^2 * sum_over block_update l ^2 + 1 * (-2 * whole_mean / INR m * sum_over block_update l + 1 * whole_mean ^2))) by (intros; unfold batch_update; field; lra).
    rewrite (Comb m (fun l => sum_over block_update l ^2) (fun l => -2 * whole_mean / INR m * sum_over block_update l + 1 * whole_mean ^2)), (Comb m (sum_over block_update) (fun _ => whole_mean ^2)), One, M1, M2.
    rewrite mult_INR. field. split; lra.
Qed.
End Revisits.
