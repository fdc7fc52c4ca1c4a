(* Statements that the ledger refutes, each as the negation of what was claimed: A01, A02, A04, A05, A10, A12, A13, A14, A16, A17, A18, A24, B45, B56. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative ScoreMoments Pools GroupDraws Consistency Gradients.
Import ListNotations.
Open Scope R_scope.

(* a policy with scores of mean zero, at one parameter value *)
Definition scored_policy {A D : Type} (acts : list A) (dims : list D) (p : A -> R) (g : A -> D -> R) :=
  (forall a, In a acts -> 0 <= p a) /\ sum_over p acts = 1 /\ (forall k, In k dims -> ScoreMoments.E acts p (fun a => g a k) = 0).
(* one logit: two actions, true with chance p *)
Definition logit_chance (p : R) (a : bool) := if a then p else 1 - p.
Definition logit_score (p : R) (a : bool) (_ : unit) := if a then 1 - p else - p.
Definition success (a : bool) := if a then 1 else 0.
Lemma one_logit_scored p : 0 <= p <= 1 -> scored_policy [true; false] [tt] (logit_chance p) (logit_score p).
Proof.
  intros Hp. split; [intros [|] _; cbn; lra |]. split; [cbn; ring |]. intros k _. unfold ScoreMoments.E. cbn. ring.
Qed.
Ltac at_one_logit := unfold ScoreMoments.trVar, ScoreMoments.weighted_square, ScoreMoments.Var, ScoreMoments.Gamma, ScoreMoments.grad2, ScoreMoments.grad, ScoreMoments.sq, ScoreMoments.J, ScoreMoments.E,
  logit_chance, logit_score, success in *; cbn [sum_over] in *.
(* A01 *)
Theorem estimator_variance_is_not_the_product : ~ (forall (acts : list bool) (dims : list unit) p r g, scored_policy acts dims p g ->
  trVar acts dims p r g (ScoreMoments.J acts p r) = ScoreMoments.Var acts p r * ScoreMoments.Gamma acts dims p g).
Proof. intros H. specialize (H _ _ _ success _ (one_logit_scored (1 / 2) ltac:(lra))). at_one_logit. lra. Qed.
(* A02 *)
Theorem mean_is_not_the_best_baseline : ~ (forall (acts : list bool) (dims : list unit) p r g, scored_policy acts dims p g ->
  forall b, trVar acts dims p r g (ScoreMoments.J acts p r) <= trVar acts dims p r g b).
Proof. intros H. specialize (H _ _ _ success _ (one_logit_scored (1 / 4) ltac:(lra)) (3 / 4)). at_one_logit. lra. Qed.
(* A04: one parameter, where the Fisher matrix is the number Gamma *)
Theorem estimator_variance_has_no_fisher_bound : ~ (forall (acts : list bool) (dims : list unit) p r g, scored_policy acts dims p g ->
  trVar acts dims p r g (ScoreMoments.J acts p r) >= ScoreMoments.Gamma acts dims p g * ScoreMoments.Var acts p r).
Proof. intros H. specialize (H _ _ _ success _ (one_logit_scored (1 / 2) ltac:(lra))). at_one_logit. lra. Qed.
(* A17 *)
Theorem variance_bound_needs_the_mean_baseline : ~ (forall (acts : list bool) (dims : list unit) p r g, scored_policy acts dims p g ->
  forall Gmax2 b, (forall a, In a acts -> ScoreMoments.sq dims g a <= Gmax2) -> trVar acts dims p r g b <= Gmax2 * ScoreMoments.Var acts p r).
Proof.
  intros H. specialize (H _ _ _ (fun a => if a then 1 else 1 / 2) _ (one_logit_scored (1 / 2) ltac:(lra)) (1 / 4) 0).
  assert (X : forall a, In a [true; false] -> ScoreMoments.sq [tt] (logit_score (1 / 2)) a <= 1 / 4) by (intros [|] _; unfold ScoreMoments.sq, logit_score; cbn; lra).
  specialize (H X). at_one_logit. lra.
Qed.
(* A24: three actions, chances (t/2, t/2, 1 - t), scores (1, -1, 0), rewards (0, 0, 1) *)
Definition arm_chance t (a : nat) := match a with 2%nat => 1 - t | _ => t / 2 end.
Definition arm_score (a : nat) (_ : unit) := match a with O => 1 | S O => -1 | _ => 0 end.
Definition third_arm (a : nat) := match a with 2%nat => 1 | _ => 0 end.
Theorem second_moment_has_no_fisher_bound : ~ (exists c, 0 < c /\ forall (acts : list nat) (dims : list unit) p r g, scored_policy acts dims p g ->
  ScoreMoments.weighted_square acts dims p r g (ScoreMoments.J acts p r) >= c * (ScoreMoments.Gamma acts dims p g * ScoreMoments.Var acts p r)).
Proof.
  intros [c [Hc H]]. set (t := 2 / (2 + c)). assert (Ht : 0 < t < 1).
  { unfold t. split; [apply Rdiv_lt_0_compat; lra |]. apply Rmult_lt_reg_r with (2 + c); [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  assert (SP : scored_policy [0%nat; 1%nat; 2%nat] [tt] (arm_chance t) arm_score).
  { split; [intros [|[|[|a]]] _; cbn; lra |]. split; [cbn; field |]. intros k _. unfold ScoreMoments.E, arm_chance, arm_score. cbn. field. }
  specialize (H _ _ _ third_arm _ SP). unfold ScoreMoments.weighted_square, ScoreMoments.Var, ScoreMoments.Gamma, ScoreMoments.sq, ScoreMoments.J, ScoreMoments.E, arm_chance, arm_score, third_arm in H. cbn [sum_over] in H.
  assert (E : t * (1 - t) * (1 - t) >= c * (t * (t * (1 - t)))) by lra.
  assert (F : 1 - t >= c * t) by (apply Rle_ge, Rmult_le_reg_l with (t * (1 - t)); [apply Rmult_lt_0_compat; lra | lra]).
  assert (G : c * t = 2 * (1 - t)) by (unfold t; field; lra). lra.
Qed.
(* A05: the vector 1 is in the kernel of the Fisher matrix of every tabular softmax *)
Theorem fisher_is_not_positive_definite : ~ (exists lam, 0 < lam /\ forall K th u, (0 < K)%nat -> fisher (arms K) (softmax K th) u >= lam * norm2 (arms K) u).
Proof.
  intros [lam [Hl H]]. specialize (H 2%nat (fun _ => 0) (fun _ => 1) ltac:(lia)).
  assert (F : fisher (arms 2) (softmax 2 (fun _ => 0)) (fun _ => 1) = 0).
  { unfold fisher, mean. rewrite (sum_ext (fun a => softmax 2 (fun _ => 0) a * 1) (softmax 2 (fun _ => 0))) by (intros; ring). unfold arms. rewrite softmax_sum1 by lia.
    rewrite (sum_ext _ (fun _ => 0)) by (intros; ring). apply sum_zero. }
  rewrite F in H. unfold norm2, arms in H. cbn in H. lra.
Qed.
(* A10: reference (1/2, 1/2), beta = 1 / ln 3, r = (1, 0), pi = (3/4, 1/4): the penalised gradient is 0, Var[r] = 3/16 *)
Theorem penalised_gradient_has_no_variance_bound : ~ (exists c, 0 < c /\ forall th,
  norm2 (arms 2) (penalised_partial 2 (fun i => 1 - INR i) th (fun _ => 1 / 2) (/ ln 3)) >= c * Tabular.Var (arms 2) (softmax 2 th) (fun i => 1 - INR i)).
Proof.
  intros [c [Hc H]]. set (th := fun i : nat => match i with O => ln 3 | _ => 0 end). specialize (H th).
  assert (L3 : 0 < ln 3) by (rewrite <- ln_1; apply ln_increasing; lra).
  assert (Z3 : Z 2 th = 4) by (unfold Z, th; cbn; rewrite exp_ln, exp_0 by lra; ring).
  assert (S0 : softmax 2 th 0 = 3 / 4) by (unfold softmax; rewrite Z3; unfold th; rewrite exp_ln by lra; reflexivity).
  assert (S1 : softmax 2 th 1 = 1 / 4) by (unfold softmax; rewrite Z3; unfold th; rewrite exp_0; reflexivity).
  set (rb := penalised_reward 2 (fun i => 1 - INR i) th (fun _ => 1 / 2) (/ ln 3)).
  assert (R0 : rb 0%nat = rb 1%nat).
  { unfold rb, penalised_reward. rewrite S0, S1. replace (3 / 4 / (1 / 2)) with (3 * (1 / 4 / (1 / 2))) by field. rewrite ln_mult by lra. simpl (INR 0). simpl (INR 1). field. lra. }
  assert (G : forall i, In i (arms 2) -> penalised_partial 2 (fun i => 1 - INR i) th (fun _ => 1 / 2) (/ ln 3) i = 0).
  { intros i Hi. unfold penalised_partial. etransitivity; [exact (is_derive_unique _ _ _ (penalised_gradient 2 (fun i => 1 - INR i) th ltac:(lia) (fun _ => 1 / 2) (/ ln 3) ltac:(intros; lra) i Hi)) |].
    change (penalised_reward 2 (fun i => 1 - INR i) th (fun _ => 1 / 2) (/ ln 3)) with rb. unfold arms in *. cbn [seq sum_over]. rewrite S0, S1.
    destruct Hi as [<- | [<- | []]]; rewrite <- R0; field. }
  assert (N0 : norm2 (arms 2) (penalised_partial 2 (fun i => 1 - INR i) th (fun _ => 1 / 2) (/ ln 3)) = 0) by (unfold norm2; rewrite (sum_ext _ (fun _ => 0)) by (intros i Hi; rewrite (G i Hi); ring); apply sum_zero).
  assert (V0 : Tabular.Var (arms 2) (softmax 2 th) (fun i => 1 - INR i) = 3 / 16) by (unfold Tabular.Var, V, arms; cbn [seq sum_over]; rewrite S0, S1; simpl (INR 0); simpl (INR 1); field).
  rewrite N0, V0 in H. lra.
Qed.
(* A13: ten chains, nine always wrong and one always right, distance 1 between different chains, Lipschitz constant 1 *)
Theorem diversity_is_no_lower_bound : ~ (forall (l : list nat) p z d L, (forall a, In a l -> 0 <= p a) -> sum_over p l = 1 -> (forall a b, Rabs (z a - z b) <= L * d a b) ->
  Pools.Var l p z >= L ^2 / 4 * EE l p (fun a b => d a b ^2)).
Proof.
  intros H. set (z := fun i : nat => if Nat.eqb i 9 then 1 else 0). set (d := fun i j : nat => if Nat.eqb i j then 0 else 1).
  specialize (H (seq 0 10) (fun _ => 1 / 10) z d 1 ltac:(intros; lra) ltac:(cbn; field)).
  assert (Lip : forall a b, Rabs (z a - z b) <= 1 * d a b).
  { intros a b. unfold z, d. destruct (Nat.eqb_spec a b) as [-> | n]; [rewrite Rminus_diag_eq by reflexivity; rewrite Rabs_R0; lra |]. apply Rabs_le. destruct (Nat.eqb a 9), (Nat.eqb b 9); lra. }
  specialize (H Lip). unfold Pools.Var, EE, Pools.E, z, d in H. cbn in H. lra.
Qed.
(* A12: two equally likely chains of pass rates 0 and 1: OVS tends to P (1 - P) = 1/4, within the chains there is none *)
Theorem outcome_variance_score_is_not_the_part_within : exists (l : list bool) (w z : bool -> R), sum_over w l = 1 /\ (forall a, In a l -> 0 <= w a /\ 0 <= z a <= 1)
  /\ let P := Pools.E l w z in is_lim_seq (fun n => (INR (S n) - 1) / INR (S n) * (P * (1 - P))) (P * (1 - P)) /\ P * (1 - P) <> Pools.E l w (fun a => z a * (1 - z a)).
Proof.
  exists [true; false], (fun _ => 1 / 2), success. split; [cbn; field |]. split; [intros [|] _; cbn; lra |]. cbv zeta. set (P := Pools.E [true; false] (fun _ => 1 / 2) success). split.
  - assert (L : is_lim_seq (fun n => / INR (S n)) 0).
    { apply (is_lim_seq_incr_1 (fun n => / INR n)). replace (Finite 0) with (Rbar_inv p_infty) by reflexivity. apply is_lim_seq_inv; [apply is_lim_seq_INR | discriminate]. }
    apply (is_lim_seq_ext (fun n => P * (1 - P) - P * (1 - P) * / INR (S n))).
    + intros n. assert (0 < INR (S n)) by (apply lt_0_INR; lia). field. lra.
    + replace (Finite (P * (1 - P))) with (Finite (P * (1 - P) - P * (1 - P) * 0)) by (f_equal; ring). apply is_lim_seq_minus'; [apply is_lim_seq_const |]. apply (is_lim_seq_scal_l _ (P * (1 - P)) (Finite 0)). exact L.
  - unfold P, Pools.E, success. cbn. lra.
Qed.
(* A14: for every pair of positive weights two prompts of which the one with less variance scores higher *)
Theorem promotion_score_is_not_monotone alpha beta : 0 < alpha -> 0 < beta ->
  exists vx vy tx ty, 0 <= vy /\ vy <= vx <= 1 / 4 /\ 0 <= tx <= 1 /\ 0 <= ty <= 1 /\ alpha * vx + beta * tx < alpha * vy + beta * ty.
Proof.
  intros Ha Hb. exists (beta / (4 * (alpha + beta))), 0, 0, 1. assert (P : 0 < beta / (4 * (alpha + beta))) by (apply Rdiv_lt_0_compat; lra).
  assert (Q : beta / (4 * (alpha + beta)) < 1 / 4) by (apply Rmult_lt_reg_r with (4 * (alpha + beta)); [lra |]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra).
  assert (E : beta - alpha * (beta / (4 * (alpha + beta))) = beta * (3 * alpha + 4 * beta) / (4 * (alpha + beta))) by (field; lra).
  assert (0 < beta * (3 * alpha + 4 * beta) / (4 * (alpha + beta))) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; lra | lra]). repeat split; lra.
Qed.
(* A16: 1/2 over eight correct and eight wrong arms against 1/10 on two arms *)
Theorem more_variance_is_not_more_gradient : ~ (forall (arms arms' : list nat) p r p' r',
  (forall a, In a arms -> 0 <= p a) -> sum_over p arms = 1 -> (forall a, In a arms' -> 0 <= p' a) -> sum_over p' arms' = 1 ->
  (forall a, In a arms -> r a = 0 \/ r a = 1) -> (forall a, In a arms' -> r' a = 0 \/ r' a = 1) ->
  Tabular.Var arms p r >= Tabular.Var arms' p' r' -> norm2 arms (Tabular.grad arms p r) >= norm2 arms' (Tabular.grad arms' p' r')).
Proof.
  intros H. set (r := fun i : nat => if Nat.ltb i 8 then 1 else 0). set (p' := fun i : nat => match i with O => 1 / 10 | _ => 9 / 10 end). set (r' := fun i : nat => match i with O => 1 | _ => 0 end).
  specialize (H (seq 0 16) (seq 0 2) (fun _ => 1 / 16) r p' r' ltac:(intros; lra) ltac:(cbn; field) ltac:(intros [|] _; cbn; lra) ltac:(cbn; field)
    ltac:(intros a _; unfold r; destruct (Nat.ltb a 8); auto) ltac:(intros [|] _; cbn; auto)).
  unfold Tabular.Var, V, norm2, Tabular.grad, V, r, p', r' in H. cbn in H. assert (X : 1 / 16 * ((1 - 8 * (1 / 16)) * ((1 - 8 * (1 / 16)) * 1)) * 16 >= 0) by lra. lra.
Qed.
(* A18: two fair chains with equal pass rates at distance 1: the limit of TDS is 1/2, the variance between chains is 0 *)
Theorem diversity_is_not_the_variance_between : ~ (exists c, forall (l : list bool) p z d, (forall a, In a l -> 0 <= p a) -> sum_over p l = 1 ->
  pair_expect l p (fun a b => d a b ^2) = c * Pools.Var l p z).
Proof.
  intros [c H]. specialize (H [true; false] (fun _ => 1 / 2) (fun _ => 1 / 2) (fun a b => if Bool.eqb a b then 0 else 1) ltac:(intros; lra) ltac:(cbn; field)).
  unfold pair_expect, Pools.Var, Pools.E in H. cbn in H. lra.
Qed.
(* B45: uniform on three arms, feature (0, 1, 2), reward (0, 1, 0): the slope grad^2 / F is 0, Var = 2/9 *)
Theorem natural_gradient_misses_the_variance : ~ (forall (l : list nat) p f r, (forall a, In a l -> 0 <= p a) -> sum_over p l = 1 ->
  let g a := f a - sum_over (fun b => p b * f b) l in 0 < sum_over (fun a => p a * g a ^2) l ->
  (sum_over (fun a => p a * (g a * r a)) l)^2 / sum_over (fun a => p a * g a ^2) l >= Tabular.Var l p r).
Proof.
  intros H. specialize (H (seq 0 3) (fun _ => 1 / 3) INR (fun i => match i with 1%nat => 1 | _ => 0 end) ltac:(intros; lra) ltac:(cbn; field)). cbv zeta in H.
  unfold Tabular.Var, V in H. cbn [seq sum_over] in H. simpl INR in H.
  match type of H with ?A -> _ => assert (X : A) by lra; specialize (H X) end.
  match type of H with ?n ^2 / ?d >= _ => replace n with 0 in H by field end. unfold Rdiv at 1 in H. rewrite pow_i, Rmult_0_l in H by lia. lra.
Qed.
(* B56: Dr.GRPO with G = 16, D = 1, tau_1 = 0, tau_0 = 1: the ratio at p = 21/50 is above that at 1/2 *)
Definition dr_grpo_ratio G p D t1 t0 := let q := p * (1 - p) in
  G * (G - 1) * q * D / (D * ((G - 1) + (G - 2) * (G - 3) * q) + t1 * ((G - 2) * (1 - p) + 1) + t0 * ((G - 2) * p + 1)).
Theorem best_pass_rate_is_not_always_half : ~ (forall G p D t1 t0, 2 <= G -> 0 < p < 1 -> 0 < D -> 0 <= t1 -> 0 <= t0 -> dr_grpo_ratio G p D t1 t0 <= dr_grpo_ratio G (1 / 2) D t1 t0).
Proof. intros H. specialize (H 16 (21 / 50) 1 0 1 ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra) ltac:(lra)). unfold dr_grpo_ratio in H. lra. Qed.
