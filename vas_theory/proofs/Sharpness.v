(* The constants of B07 and B46 are the best ones: 1/(3 sqrt 3) is attained by two arms, kappa is approached as K grows. *)
Require Import Reals Lra Psatz Lia List.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums Softmax Tabular Derivative Curvature Hessian Kappa.
Import ListNotations.
Open Scope R_scope.
(* the logits log p give the probabilities p *)
Lemma softmax_of_log K p i : (forall j, (j < K)%nat -> 0 < p j) -> sum_over p (seq 0 K) = 1 -> (i < K)%nat -> softmax K (fun j => ln (p j)) i = p i.
Proof.
  intros Hp H1 Hi. unfold softmax, Z. rewrite (sum_ext (fun j => exp (ln (p j))) p) by (intros j Hj; apply in_seq in Hj; apply exp_ln, Hp; lia).
  rewrite H1, exp_ln by (apply Hp; assumption). field.
Qed.
Lemma curvature_ext K p p' r u : (forall i, In i (seq 0 K) -> p i = p' i) -> curvature (seq 0 K) p r u = curvature (seq 0 K) p' r u.
Proof.
  intros H. assert (E : forall f, mean (seq 0 K) p f = mean (seq 0 K) p' f) by (intros f; apply sum_ext; intros i Hi; rewrite (H i Hi); reflexivity).
  unfold curvature, squared_deviation. rewrite !E. apply sum_ext. intros i Hi. rewrite (H i Hi). reflexivity.
Qed.
(* a bound on the norm bounds the quadratic form *)
Lemma form_below_norm K r th c u : (0 < K)%nat -> 0 <= c -> spectral_norm_at_most K (hessian K r th) c -> curvature (seq 0 K) (softmax K th) r u <= c * sum_over (fun i => u i ^2) (seq 0 K).
Proof.
  intros HK Hc HN. specialize (HN u). rewrite <- second_order_form by assumption. set (h := fun i => sum_over (fun j => hessian K r th i j * u j) (seq 0 K)) in *. set (n := sum_over (fun i => u i ^2) (seq 0 K)) in *.
  assert (C := cauchy_schwarz (fun _ => 1) u h (seq 0 K) (fun _ _ => Rle_0_1)). cbv beta in C.
  rewrite (sum_ext (fun a => 1 * u a * h a) (fun a => u a * h a)) in C by (intros; ring). rewrite (sum_ext (fun a => 1 * u a ^2) (fun a => u a ^2)) in C by (intros; ring).
  rewrite (sum_ext (fun a => 1 * h a ^2) (fun a => h a ^2)) in C by (intros; ring). fold n in C. assert (n0 : 0 <= n) by (apply sum_nonneg; intros; apply pow2_ge_0).
  change (sum_over (fun i => u i * sum_over (fun j => hessian K r th i j * u j) (seq 0 K)) (seq 0 K)) with (sum_over (fun a => u a * h a) (seq 0 K)).
  change (sum_over (fun i => h i ^2) (seq 0 K) <= c^2 * n) in HN.
  apply Rsqr_incr_0_var; [rewrite !Rsqr_pow2 | apply Rmult_le_pos; assumption]. eapply Rle_trans; [exact C |].
  replace ((c * n)^2) with (n * (c^2 * n)) by ring. apply Rmult_le_compat_l; assumption.
Qed.
(* B07: two arms with rewards delta and 0 at the probability (3 - sqrt 3)/6 *)
Theorem range_constant_is_attained delta : 0 < delta -> exists th, forall c, 0 <= c ->
  spectral_norm_at_most 2 (hessian 2 (fun i => if Nat.eq_dec i 0 then delta else 0) th) c -> delta / (3 * sqrt 3) <= c.
Proof.
  intros Hd. destruct sqrt3_bounds as (s0 & ss & s2). set (a := (3 - sqrt 3) / 6). assert (a0 : 0 < a < 1) by (unfold a; lra).
  set (p := fun i => if Nat.eq_dec i 0 then a else 1 - a). exists (fun i => ln (p i)). intros c Hc HN.
  assert (Hp : forall j, (j < 2)%nat -> 0 < p j) by (intros j _; unfold p; destruct (Nat.eq_dec j 0); lra).
  assert (H1 : sum_over p (seq 0 2) = 1) by (unfold p; cbn; ring).
  assert (B := form_below_norm 2 _ _ c (fun i => if Nat.eq_dec i 0 then 1 else -1) ltac:(lia) Hc HN).
  rewrite (curvature_ext 2 _ p) in B by (intros i Hi; apply in_seq in Hi; apply softmax_of_log; try assumption; lia).
  unfold curvature, squared_deviation, mean, p in B. cbn [seq sum_over Nat.eq_dec nat_rec nat_rect sumbool_rec sumbool_rect] in B. simpl in B.
  assert (E : delta / (3 * sqrt 3) = 2 * delta * a * (1 - a) * (1 - 2 * a)).
  { unfold a. apply Rmult_eq_reg_r with (3 * sqrt 3); [| lra]. unfold Rdiv at 1. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    replace (2 * delta * ((3 - sqrt 3) / 6) * (1 - (3 - sqrt 3) / 6) * (1 - 2 * ((3 - sqrt 3) / 6)) * (3 * sqrt 3)) with (delta * (9 - sqrt 3 * sqrt 3) * (sqrt 3 * sqrt 3) / 18) by field. rewrite ss. field. }
  rewrite E. lra.
Qed.
(* B46: near the vertex of one arm, with the worst gradient for u = (a, -b, 0, ...) *)
Theorem kappa_is_best k c : is_kappa k -> 0 <= c < k ->
  exists K r th, (0 < K)%nat /\ ~ spectral_norm_at_most K (hessian K r th) (c * sqrt (sum_over (fun i => partial K r th i ^2) (seq 0 K))).
Proof.
  intros Hk Hc. destruct ratio_exists as [t [Ht Bt]]. destruct Ht as [t01 Et].
  (* kappa^2 = top t, the value of the quartic at b = t a *)
  assert (Kt : k^2 = top t). { apply Rle_antisym; [apply above_two; [apply top_is_root; split; assumption | apply Hk | apply top_low; assumption] | apply Hk, top_is_root; split; assumption]. }
  set (a := / sqrt (1 + t^2)). set (b := t * a). assert (q0 : 0 < 1 + t^2) by nra. assert (r0 : 0 < sqrt (1 + t^2)) by (apply sqrt_lt_R0; assumption). assert (a0 : 0 < a) by (apply Rinv_0_lt_compat; assumption). assert (b0 : 0 < b) by (apply Rmult_lt_0_compat; lra).
  assert (a2 : a^2 * (1 + t^2) = 1). { unfold a. replace ((/ sqrt (1 + t^2))^2) with (/ (sqrt (1 + t^2) * sqrt (1 + t^2))) by (field; lra). rewrite sqrt_sqrt by lra. field. lra. }
  assert (ab : a^2 + b^2 = 1) by (unfold b; lra).
  set (d1 := (a + b)^2 - b^2). set (d2 := - b^2). (* W - b^2 on the first two arms *)
  assert (Kd : d1^2 + d2^2 = k^2).
  { rewrite Kt. assert (T : 0 < t * (1 + t^2)) by (apply Rmult_lt_0_compat; lra). unfold d1, d2, b. replace (((a + t * a)^2 - (t * a)^2)^2 + (- (t * a)^2)^2) with ((a^2)^2 * ((1 + 2 * t)^2 + t^4)) by ring.
    assert (A4 : (a^2)^2 = / (1 + t^2)^2). { apply Rmult_eq_reg_r with ((1 + t^2)^2); [| apply pow_nonzero; lra]. replace ((a^2)^2 * (1 + t^2)^2) with ((a^2 * (1 + t^2))^2) by ring. rewrite a2. field. lra. }
    rewrite A4. unfold top. assert (Q : (1 + 2 * t)^2 + t^4 - (1 + (1 + t) / (t * (1 + t^2))) * (1 + t^2)^2 = (t^3 + 3 * t^2 - t - 1) / t) by (field; split; lra).
    rewrite Et in Q. replace (0 / t) with 0 in Q by (field; lra). replace ((1 + 2 * t)^2 + t^4) with ((1 + (1 + t) / (t * (1 + t^2))) * (1 + t^2)^2) by lra. field. split; lra. }
  set (s := d1 + d2). assert (s2 : 0 <= s^2) by apply pow2_ge_0. assert (gap : 0 < k^2 - c^2) by nra.
  (* enough arms *)
  destruct (nfloor_ex ((s^2 + 1) / (k^2 - c^2))) as [n Hn]; [left; apply Rdiv_lt_0_compat; lra |].
  set (K := S (S n)). set (N := INR K). assert (HN : (s^2 + 1) / (k^2 - c^2) < N) by (unfold N, K; rewrite !S_INR; lra). assert (Np : 2 <= N) by (unfold N, K; rewrite !S_INR; assert (P := pos_INR n); lra).
  assert (En : INR n = N - 2) by (unfold N, K; rewrite !S_INR; ring).
  set (w := fun i => match i with O => d1 | 1%nat => d2 | _ => 0 end). set (g := fun i => w i - s / N). set (u := fun i => match i with O => a | 1%nat => - b | _ => 0 end).
  assert (Tail : forall (f : nat -> R) x, (forall i, (2 <= i)%nat -> f i = x) -> sum_over f (seq 0 K) = f 0%nat + (f 1%nat + (N - 2) * x)).
  { intros f x Hf. unfold K. cbn [seq sum_over]. f_equal. f_equal. rewrite <- En. rewrite (sum_ext f (fun _ => x)) by (intros i Hi; apply in_seq in Hi; apply Hf; lia).
    clear. generalize 2%nat as m. induction n; intros m; [simpl; ring | cbn [seq sum_over]; rewrite IHn, S_INR; ring]. }
  assert (G0 : sum_over g (seq 0 K) = 0). { rewrite (Tail g (0 - s / N)); [unfold g, w; unfold s; field; lra |]. intros i Hi. unfold g, w. destruct i as [|[|i]]; try lia. reflexivity. }
  assert (G2 : sum_over (fun i => g i ^2) (seq 0 K) = k^2 - s^2 / N).
  { rewrite (Tail _ ((0 - s / N)^2)); [| intros i Hi; unfold g, w; destruct i as [|[|i]]; try lia; reflexivity]. rewrite <- Kd. unfold g, w, s. field. lra. }
  assert (big : c^2 < k^2 - s^2 / N).
  { assert (s^2 / N < k^2 - c^2); [| lra]. apply Rmult_lt_reg_r with N; [lra |]. unfold Rdiv. rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    apply Rmult_lt_compat_r with (r := k^2 - c^2) in HN; [| assumption]. unfold Rdiv in HN. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in HN by lra. lra. }
  set (n2 := k^2 - s^2 / N) in *. assert (n20 : 0 < n2) by (assert (0 <= c^2) by apply pow2_ge_0; lra). set (norm := sqrt n2). assert (norm0 : 0 < norm) by (apply sqrt_lt_R0; assumption). assert (nn : norm * norm = n2) by (apply sqrt_sqrt; lra).
  assert (cn : c < norm). { apply Rsqr_incrst_0; [rewrite !Rsqr_pow2; replace (norm^2) with n2 by (rewrite <- nn; ring); exact big | lra | lra]. }
  (* a policy close enough to the vertex of the arm 1 *)
  set (Q := sum_over (fun i => g i * u i) (seq 0 K)). set (m1 := a + (N - 1) * b). assert (m10 : 0 < m1) by (unfold m1; assert (0 < (N - 1) * b) by (apply Rmult_lt_0_compat; lra); lra).
  assert (room : 0 < norm * (norm - c)) by (apply Rmult_lt_0_compat; lra). assert (Q0 := Rabs_pos Q).
  set (e := Rmin (/ (2 * N)) (norm * (norm - c) / (4 * m1 * (Rabs Q + 1)))).
  assert (e0 : 0 < e). { apply Rmin_pos; [apply Rinv_0_lt_compat; lra |]. apply Rdiv_lt_0_compat; [assumption |]. apply Rmult_lt_0_compat; lra. }
  assert (e1 : e * (2 * N) <= 1). { apply Rle_trans with (/ (2 * N) * (2 * N)); [apply Rmult_le_compat_r; [lra | apply Rmin_l] | right; field; lra]. }
  assert (e2 : e * (4 * m1 * (Rabs Q + 1)) <= norm * (norm - c)).
  { apply Rle_trans with (norm * (norm - c) / (4 * m1 * (Rabs Q + 1)) * (4 * m1 * (Rabs Q + 1))); [apply Rmult_le_compat_r; [apply Rmult_le_pos; lra | apply Rmin_r] | right; field; split; lra]. }
  set (p := fun i => match i with 1%nat => 1 - (N - 1) * e | _ => e end).
  assert (Pp : forall j, (j < K)%nat -> 0 < p j) by (intros j _; unfold p; destruct j as [|[|j]]; nra).
  assert (P1 : sum_over p (seq 0 K) = 1). { rewrite (Tail p e); [unfold p; ring |]. intros i Hi. unfold p. destruct i as [|[|i]]; try lia; reflexivity. }
  set (r := fun i => g i / p i). set (th := fun j => ln (p j)).
  assert (Soft : forall i, (i < K)%nat -> softmax K th i = p i) by (intros; apply softmax_of_log; assumption).
  assert (V0 : value K r th = 0).
  { unfold value. rewrite <- G0. apply sum_ext. intros i Hi. apply in_seq in Hi. rewrite Soft by lia. unfold r. field. specialize (Pp i ltac:(lia)). lra. }
  exists K, r, th. split; [unfold K; lia |]. intros HS.
  assert (Gr : sum_over (fun i => partial K r th i ^2) (seq 0 K) = n2).
  { rewrite <- G2. apply sum_ext. intros i Hi. assert (Ii := Hi). apply in_seq in Hi. rewrite partial_eq by (unfold K; try lia; exact Ii). unfold grad, pi. change (Tabular.V (Derivative.arms K) (softmax K th) r) with (value K r th).
    rewrite V0, Soft by lia. unfold r. f_equal. field. specialize (Pp i ltac:(lia)). lra. }
  rewrite Gr in HS. fold norm in HS.
  assert (B := form_below_norm K r th (c * norm) u ltac:(unfold K; lia) ltac:(apply Rmult_le_pos; lra) HS).
  rewrite (curvature_ext K _ p) in B by (intros i Hi; apply in_seq in Hi; apply Soft; lia).
  assert (U1 : sum_over (fun i => u i ^2) (seq 0 K) = 1). { rewrite (Tail _ 0); [unfold u; replace (a^2 + ((- b)^2 + (N - 2) * 0)) with (a^2 + b^2) by ring; exact ab |]. intros i Hi. unfold u. destruct i as [|[|i]]; try lia. ring. }
  rewrite U1, Rmult_1_r in B.
  assert (Mu : mean (seq 0 K) p u = - b + e * m1). { unfold mean. rewrite (Tail _ 0); [unfold p, u, m1; ring |]. intros i Hi. unfold u. destruct i as [|[|i]]; try lia. ring. }
  assert (Mr : mean (seq 0 K) p r = 0). { unfold mean. rewrite <- G0. apply sum_ext. intros i Hi. apply in_seq in Hi. unfold r. field. specialize (Pp i ltac:(lia)). lra. }
  assert (C : curvature (seq 0 K) p r u = n2 - 2 * (e * m1) * Q).
  { unfold curvature, squared_deviation. rewrite Mr, Mu.
    rewrite (sum_ext _ (fun i => g i * (u i + b)^2 - 2 * (e * m1) * (g i * u i) + ((- b + e * m1)^2 - b^2) * g i)).
    - rewrite sum_plus, sum_scal, G0. replace (sum_over (fun i => g i * (u i + b)^2 - 2 * (e * m1) * (g i * u i)) (seq 0 K)) with (sum_over (fun i => g i * (u i + b)^2) (seq 0 K) - 2 * (e * m1) * Q).
      + assert (Gw : sum_over (fun i => g i * (u i + b)^2) (seq 0 K) = n2).
        { rewrite <- G2. rewrite (sum_ext (fun i => g i * (u i + b)^2) (fun i => g i ^2 + (b^2 + s / N) * g i)).
          - rewrite sum_plus, sum_scal, G0. ring.
          - intros i _. unfold g, w, u, d1, d2. destruct i as [|[|i]]; ring. }
        rewrite Gw. ring.
      + unfold Q. rewrite (sum_comb [(1, fun i => g i * (u i + b)^2); (-2 * (e * m1), fun i => g i * u i)] (fun i => g i * (u i + b)^2 - 2 * (e * m1) * (g i * u i))); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
    - intros i Hi. apply in_seq in Hi. unfold r. field. specialize (Pp i ltac:(lia)). lra. }
  rewrite C in B.
  assert (D : Rabs (2 * (e * m1) * Q) < norm * (norm - c)).
  { rewrite !Rabs_mult, (Rabs_pos_eq 2), (Rabs_pos_eq e), (Rabs_pos_eq m1) by lra. assert (0 < e * m1) by (apply Rmult_lt_0_compat; assumption). nra. }
  apply Rabs_def2 in D. nra.
Qed.
