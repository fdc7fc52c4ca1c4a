(* C03: RLOO over m groups of G rollouts, each of a prompt drawn uniformly: the trace of the variance of the mean update is
   G / budget (spread + a / G + c / (G (G - 1))), budget = m G, by B10 and the law of total variance. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Pools Policy GroupDraws GroupUpdate Additions Transfer.
Import ListNotations.
Open Scope R_scope.

(* independent blocks: the variance of their mean is that of one over their number *)
Section Independent.
Context {Y : Type} (one_block : (Y -> R) -> R). (* mean over one block *)
Hypothesis Hext : forall f f', (forall y, f y = f' y) -> one_block f = one_block f'.
Hypothesis Hcomb : forall f f' a b, one_block (fun y => a * f y + b * f' y) = a * one_block f + b * one_block f'.
Hypothesis Hone : forall c, one_block (fun _ => c) = c.
Fixpoint many (m : nat) (f : list Y -> R) : R := match m with O => f [] | S j => one_block (fun y => many j (fun l => f (y :: l))) end.
Lemma many_ext m : forall f f', (forall l, f l = f' l) -> many m f = many m f'.
Proof. induction m; intros f f' H; cbn [many]; [apply H |]. apply Hext. intros y. apply IHm. intros l. apply H. Qed.
Lemma many_comb m : forall f f' a b, many m (fun l => a * f l + b * f' l) = a * many m f + b * many m f'.
Proof. induction m; intros f f' a b; cbn [many]; [reflexivity |]. rewrite <- Hcomb. apply Hext. intros y. apply IHm. Qed.
Lemma many_one m : forall c, many m (fun _ => c) = c.
Proof. induction m; intros c; cbn [many]; [reflexivity |]. transitivity (one_block (fun _ => c)); [apply Hext; intros; apply IHm | apply Hone]. Qed.
Lemma many_moments (u : Y -> R) m : let mu := one_block u in many m (sum_over u) = INR m * mu
  /\ many m (fun l => sum_over u l ^2) = INR m * (one_block (fun y => u y ^2) - mu ^2) + (INR m * mu)^2.
Proof.
  intros mu. induction m as [|m [IH1 IH2]]; [cbn; split; ring |]. rewrite S_INR. split; cbn [many].
  - rewrite (Hext _ (fun y => 1 * u y + 1 * (INR m * mu))).
    + rewrite (Hcomb u (fun _ => INR m * mu)), Hone. fold mu. ring.
    + intros y. cbn [sum_over]. rewrite (many_ext m _ (fun l => 1 * u y + 1 * sum_over u l)) by (intros; ring). rewrite (many_comb m (fun _ => u y) (sum_over u)), many_one, IH1. ring.
  - rewrite (Hext _ (fun y => 1 * u y ^2 + 1 * (2 * (INR m * mu) * u y + 1 * (INR m * (one_block (fun y => u y ^2) - mu ^2) + (INR m * mu)^2)))).
    + rewrite (Hcomb (fun y => u y ^2) (fun y => 2 * (INR m * mu) * u y + 1 * (INR m * (one_block (fun y => u y ^2) - mu ^2) + (INR m * mu)^2))).
      rewrite (Hcomb u (fun _ => INR m * (one_block (fun y => u y ^2) - mu ^2) + (INR m * mu)^2)), Hone. fold mu. ring.
    + intros y. cbn [sum_over]. rewrite (many_ext m _ (fun l => 1 * u y ^2 + 1 * (2 * u y * sum_over u l + 1 * sum_over u l ^2))) by (intros; ring).
      rewrite (many_comb m (fun _ => u y ^2) (fun l => 2 * u y * sum_over u l + 1 * sum_over u l ^2)), many_one.
      rewrite (many_comb m (sum_over u) (fun l => sum_over u l ^2)), IH1, IH2. ring.
Qed.
Lemma mean_variance (u : Y -> R) m : (0 < m)%nat -> let mu := one_block u in many m (fun l => (sum_over u l / INR m - mu)^2) = (one_block (fun y => u y ^2) - mu ^2) / INR m.
Proof.
  intros Hm mu. assert (Mp : 0 < INR m) by (apply lt_0_INR; assumption). destruct (many_moments u m) as [M1 M2]. fold mu in M1, M2.
  rewrite (many_ext m _ (fun l => / INR m ^2 * sum_over u l ^2 + 1 * (-2 * mu / INR m * sum_over u l + 1 * mu ^2))) by (intros; field; lra).
  rewrite (many_comb m (fun l => sum_over u l ^2) (fun l => -2 * mu / INR m * sum_over u l + 1 * mu ^2)), (many_comb m (sum_over u) (fun _ => mu ^2)), many_one, M1, M2. field. lra.
Qed.
End Independent.

Section Pool.
Context {X A D : Type} (pool : list X) (acts : list A) (dims : list D) (pol : X -> (D -> R) -> A -> R) (r : X -> A -> R) (theta : D -> R) (g : X -> A -> D -> R) (v : X -> D -> R).
Hypothesis Hpool : size pool <> 0.
Hypothesis Hpol : forall x, differentiable_policy acts dims (pol x) theta (g x).
Hypothesis Hv : forall x, is_gradient dims (objective acts (pol x) (r x)) theta (v x).
Definition one_group G (f : X * list A -> R) := average pool (fun x => group_expect acts (pol x) theta G (fun w => f (x, w))). (* a prompt, then G rollouts *)
Definition mean_gradient k := average pool (fun x => v x k).
Definition gradient_spread := average pool (fun x => squared_norm dims (fun k => v x k - mean_gradient k)). (* tr Var_x grad V_x *)
Definition rollout_noise := average pool (fun x => weighted_square acts dims (pol x) (r x) theta (g x) - squared_norm dims (v x)). (* E (M - |grad|^2) *)
Definition baseline_noise := average pool (fun x => reward_var acts (pol x) (r x) theta * score_square acts dims (pol x) theta (g x) + squared_norm dims (v x)). (* E (Var Gamma + |grad|^2) *)
Definition batch_update G m k (l : list (X * list A)) := sum_over (fun b => rloo (r (fst b)) (g (fst b)) (INR G) k (snd b)) l / INR m.
Definition batch_trace_variance G m := sum_over (fun k => many (one_group G) m (fun l => (batch_update G m k l - mean_gradient k)^2)) dims.
Lemma average_comb f f' a b : average pool (fun x => a * f x + b * f' x) = a * average pool f + b * average pool f'.
Proof. unfold average. rewrite (sum_comb [(a, f); (b, f')]) by (intros; cbn [comb]; ring). cbn [comb_sum]. field. assumption. Qed.
Lemma average_ext f f' : (forall x, f x = f' x) -> average pool f = average pool f'.
Proof. intros H. unfold average. f_equal. apply sum_ext. intros; apply H. Qed.
Lemma average_one c : average pool (fun _ => c) = c.
Proof. unfold average. rewrite (sum_comb [(c, fun _ => 1)]) by (intros; cbn [comb]; ring). cbn [comb_sum]. fold (size pool). field. assumption. Qed.
Lemma group_comb x G f f' a b : group_expect acts (pol x) theta G (fun w => a * f w + b * f' w) = a * group_expect acts (pol x) theta G f + b * group_expect acts (pol x) theta G f'.
Proof. unfold group_expect. rewrite (EK_linear acts (pol x theta) G [(a, f); (b, f')]) by (intros; cbn [comb]; ring). cbn [comb_EK]. ring. Qed.
Lemma group_one x G c : group_expect acts (pol x) theta G (fun _ => c) = c.
Proof. unfold group_expect. apply (EK_const acts (pol x theta)). destruct (Hpol x) as [_ [H _]]. apply H. Qed.
Lemma group_ext x G f f' : (forall w, f w = f' w) -> group_expect acts (pol x) theta G f = group_expect acts (pol x) theta G f'.
Proof. intros H. apply EK_ext. assumption. Qed.
Theorem rloo_batch_variance n m : (0 < m)%nat -> let G := S (S n) in
  batch_trace_variance G m = estimator_variance_at (INR m * INR G) gradient_spread rollout_noise baseline_noise (INR G).
Proof.
  intros Hm G. assert (HG : 2 <= INR G) by (unfold G; rewrite !S_INR; assert (H := pos_INR n); lra). assert (Mp : 0 < INR m) by (apply lt_0_INR; assumption).
  set (u := fun k (b : X * list A) => rloo (r (fst b)) (g (fst b)) (INR G) k (snd b)).
  assert (Ext : forall f f', (forall y, f y = f' y) -> one_group G f = one_group G f') by (intros f f' H; apply average_ext; intros x; apply group_ext; intros w; apply H).
  assert (Comb : forall f f' a b, one_group G (fun y => a * f y + b * f' y) = a * one_group G f + b * one_group G f').
  { intros f f' a b. unfold one_group. rewrite <- average_comb. apply average_ext. intros x. apply (group_comb x G (fun w => f (x, w)) (fun w => f' (x, w))). }
  assert (One : forall c, one_group G (fun _ => c) = c) by (intros c; unfold one_group; rewrite (average_ext _ (fun _ => c)) by (intros; apply group_one); apply average_one).
  assert (Mean : forall k, In k dims -> one_group G (u k) = mean_gradient k).
  { intros k Hk. apply average_ext. intros x. apply (rloo_unbiased acts dims (pol x) (r x) theta (g x) (Hpol x) (v x) (Hv x) n k Hk). }
  pose (T := fun x k => group_expect acts (pol x) theta G (fun w => (rloo (r x) (g x) (INR G) k w - group_expect acts (pol x) theta G (rloo (r x) (g x) (INR G) k))^2)).
  assert (Square : forall k, In k dims -> one_group G (fun b => u k b ^2) = average pool (fun x => T x k) + average pool (fun x => v x k ^2)).
  { intros k Hk. transitivity (average pool (fun x => 1 * T x k + 1 * v x k ^2)); [| rewrite average_comb; ring].
    apply average_ext. intros x. assert (B : group_expect acts (pol x) theta G (rloo (r x) (g x) (INR G) k) = v x k) by (apply (rloo_unbiased acts dims (pol x) (r x) theta (g x) (Hpol x) (v x) (Hv x) n k Hk)). unfold T. rewrite B. unfold u. cbn [fst snd].
    rewrite (group_ext x G (fun w => (rloo (r x) (g x) (INR G) k w - v x k)^2) (fun w => 1 * rloo (r x) (g x) (INR G) k w ^2 + 1 * (-2 * v x k * rloo (r x) (g x) (INR G) k w + 1 * v x k ^2))) by (intros; ring).
    rewrite (group_comb x G (fun w => rloo (r x) (g x) (INR G) k w ^2) (fun w => -2 * v x k * rloo (r x) (g x) (INR G) k w + 1 * v x k ^2)), (group_comb x G (rloo (r x) (g x) (INR G) k) (fun _ => v x k ^2)), group_one, B. ring. }
  assert (Each : forall k, In k dims -> many (one_group G) m (fun l => (batch_update G m k l - mean_gradient k)^2) = (one_group G (fun b => u k b ^2) - mean_gradient k ^2) / INR m).
  { intros k Hk. assert (V := mean_variance (one_group G) Ext Comb One (u k) m Hm). cbv zeta in V. rewrite (Mean k Hk) in V. exact V. }
  unfold batch_trace_variance. rewrite (sum_ext _ (fun k => (one_group G (fun b => u k b ^2) - mean_gradient k ^2) / INR m)) by (intros k Hk; apply Each; assumption).
  rewrite (sum_comb [(/ INR m, fun k => average pool (fun x => T x k)); (/ INR m, fun k => average pool (fun x => v x k ^2) - mean_gradient k ^2)]) by (intros k Hk; cbn [comb]; rewrite (Square k Hk); field; lra).
  cbn [comb_sum].
  assert (Swap : forall F : X -> D -> R, sum_over (fun k => average pool (fun x => F x k)) dims = average pool (fun x => sum_over (F x) dims)).
  { intros F. unfold average. rewrite (sum_comb [(/ size pool, fun k => sum_over (fun x => F x k) pool)]) by (intros; cbn [comb]; field; assumption). cbn [comb_sum]. rewrite <- sum_swap. field. assumption. }
  rewrite Swap. assert (Noise : average pool (fun x => sum_over (T x) dims) = rollout_noise / INR G + baseline_noise / (INR G * (INR G - 1))).
  { unfold rollout_noise, baseline_noise. set (fa := fun x => weighted_square acts dims (pol x) (r x) theta (g x) - squared_norm dims (v x)). set (fc := fun x => reward_var acts (pol x) (r x) theta * score_square acts dims (pol x) theta (g x) + squared_norm dims (v x)).
    rewrite (average_ext _ (fun x => / INR G * fa x + / (INR G * (INR G - 1)) * fc x)); [rewrite average_comb; field; lra |].
    intros x. assert (B10 := rloo_trace_variance acts dims (pol x) (r x) theta (g x) (Hpol x) (v x) (Hv x) n). cbv zeta in B10. fold G in B10. unfold trace_variance in B10. unfold T. rewrite B10. unfold fa, fc. field. lra. }
  rewrite Noise. assert (Spread : sum_over (fun k => average pool (fun x => v x k ^2) - mean_gradient k ^2) dims = gradient_spread).
  { unfold gradient_spread, squared_norm. rewrite <- Swap. apply sum_ext. intros k _.
    rewrite (average_ext (fun x => (v x k - mean_gradient k)^2) (fun x => 1 * v x k ^2 + 1 * (-2 * mean_gradient k * v x k + 1 * mean_gradient k ^2))) by (intros; ring).
    rewrite (average_comb (fun x => v x k ^2) (fun x => -2 * mean_gradient k * v x k + 1 * mean_gradient k ^2)), (average_comb (fun x => v x k) (fun _ => mean_gradient k ^2)), average_one. fold (mean_gradient k). ring. }
  rewrite Spread. unfold estimator_variance_at. field. repeat split; lra.
Qed.
End Pool.
