(* The least Rayleigh quotient of a symmetric matrix, on the vectors orthogonal to given ones, is attained at an eigenvector.
   Matrices are indexed by any finite list. Used for the eigenvalues of Fisher matrices (B04, B20, B23). *)
Require Import Reals Lra Psatz List Classical.
From Coquelicot Require Import Coquelicot.
From Vas Require Import Sums.
Import ListNotations.
Open Scope R_scope.
Section Matrices.
Context {D : Type} (dims : list D) (Deq : forall x y : D, {x = y} + {x <> y}).
Definition inner u v := sum_over (fun k => u k * v k) dims.
Definition times (M : D -> D -> R) v k := sum_over (fun j => M k j * v j) dims. (* M v *)
Definition nonzero v := exists k, In k dims /\ v k <> 0.
(* l is an eigenvalue of M with the eigenvector v *)
Definition eigenvector M l v := nonzero v /\ forall k, In k dims -> times M v k = l * v k.
Lemma inner_sym u v : inner u v = inner v u.
Proof. apply sum_ext. intros. ring. Qed.
Lemma inner_nonneg v : 0 <= inner v v.
Proof. apply sum_nonneg. intros. apply Rle_0_sqr. Qed.
Lemma inner_zero v : inner v v = 0 -> forall k, In k dims -> v k = 0.
Proof.
  intros H k Hk. assert (M := sum_member (fun k => v k * v k) dims k Hk (fun a _ => Rle_0_sqr (v a))). cbv beta in M. unfold inner in H. rewrite H in M.
  apply Rsqr_0_uniq. unfold Rsqr. assert (S := Rle_0_sqr (v k)). unfold Rsqr in S. lra.
Qed.
Lemma inner_positive v : nonzero v -> 0 < inner v v.
Proof.
  intros (k & Hk & n). destruct (Req_dec (inner v v) 0) as [z | nz]; [exfalso; apply n; apply inner_zero; assumption | assert (P := inner_nonneg v); lra].
Qed.
Lemma inner_comb_r u v w a b : inner u (fun k => a * v k + b * w k) = a * inner u v + b * inner u w.
Proof. unfold inner. rewrite (sum_comb [(a, fun k => u k * v k); (b, fun k => u k * w k)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. Qed.
Lemma inner_comb_l u v w a b : inner (fun k => a * v k + b * w k) u = a * inner v u + b * inner w u.
Proof. unfold inner. rewrite (sum_comb [(a, fun k => v k * u k); (b, fun k => w k * u k)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. Qed.
Lemma times_comb M v w a b k : times M (fun k => a * v k + b * w k) k = a * times M v k + b * times M w k.
Proof. unfold times. rewrite (sum_comb [(a, fun j => M k j * v j); (b, fun j => M k j * w j)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]. Qed.
Lemma inner_ext u v w : (forall k, In k dims -> v k = w k) -> inner u v = inner u w.
Proof. intros H. apply sum_ext. intros k Hk. rewrite H by assumption. reflexivity. Qed.
(* a shrinking family of non-empty sets of bounded vectors clusters somewhere *)
Lemma cluster : forall (ks : list D) (A : R -> (D -> R) -> Prop), (forall d d' x, d <= d' -> A d x -> A d' x) ->
  (forall d, 0 < d -> exists x, A d x) -> (forall d x k, A d x -> In k ks -> Rabs (x k) <= 1) ->
  exists c : D -> R, forall d, 0 < d -> exists x, A d x /\ forall k, In k ks -> Rabs (x k - c k) < d.
Proof.
  induction ks as [|k ks IH]; intros A Hmono Hne Hb.
  - exists (fun _ => 0). intros d Hd. destruct (Hne d Hd) as [x Hx]. exists x. split; [assumption | intros k []].
  - (* the limit inferior of the coordinate k *)
    set (below := fun t => exists d, 0 < d /\ forall x, A d x -> t <= x k).
    destruct (completeness below) as [c [Hu Hl]].
    + exists 1. intros t (d & Hd & Ht). destruct (Hne d Hd) as [x Hx]. specialize (Ht x Hx). assert (B := Hb d x k Hx (or_introl eq_refl)). apply Rabs_le_between in B. lra.
    + exists (-1). exists 1. split; [lra |]. intros x Hx. assert (B := Hb 1 x k Hx (or_introl eq_refl)). apply Rabs_le_between in B. lra.
    + destruct (IH (fun d x => A d x /\ Rabs (x k - c) < d)) as [c' Hc'].
      * intros d d' x Hdd [H1 H2]. split; [apply (Hmono d); assumption | lra].
      * intros d Hd. assert (N1 : ~ below (c + d / 2)) by (intros B; specialize (Hu _ B); lra).
        destruct (classic (exists t, below t /\ c - d / 2 < t)) as [(t & (d1 & Hd1 & Ht) & Lt) | No].
        -- set (e := Rmin d d1). assert (e0 : 0 < e) by (apply Rmin_pos; assumption).
           destruct (classic (exists x, A e x /\ x k < c + d / 2)) as [(x & Hx & Lx) | No].
           ++ exists x. assert (B := Ht x (Hmono e d1 x (Rmin_r d d1) Hx)). split; [apply (Hmono e); [apply Rmin_l | assumption] |]. apply Rabs_def1; lra.
           ++ exfalso. apply N1. exists e. split; [assumption |]. intros x Hx. destruct (Rle_lt_dec (c + d / 2) (x k)); [assumption | exfalso; apply No; exists x; split; assumption].
        -- exfalso. assert (B : c <= c - d / 2); [| lra]. apply Hl. intros t Ht. destruct (Rle_lt_dec t (c - d / 2)); [assumption | exfalso; apply No; exists t; split; assumption].
      * intros d x j [Hx _] Hj. apply (Hb d x j Hx). right. assumption.
      * exists (fun j => if Deq j k then c else c' j). intros d Hd. destruct (Hc' d Hd) as (x & [Hx Hxk] & Hxs). exists x. split; [assumption |].
        intros j Hj. destruct (Deq j k) as [-> | n]; [assumption |]. destruct Hj as [<- | Hj]; [tauto | apply Hxs; assumption].
Qed.
Variable M : D -> D -> R.
Hypothesis Msym : forall i j, In i dims -> In j dims -> M i j = M j i.
Notation quotient v := (inner v (times M v)). (* v^T M v *)
Lemma times_sym u v : inner u (times M v) = inner v (times M u).
Proof.
  unfold inner, times. rewrite (sum_ext _ (fun i => sum_over (fun j => u i * (M i j * v j)) dims)) by (intros; rewrite sum_scal; reflexivity).
  rewrite sum_swap. apply sum_ext. intros j Hj. rewrite <- sum_scal. apply sum_ext. intros i Hi. rewrite (Msym i j) by assumption. ring.
Qed.
(* vectors orthogonal to every vector of N *)
Variable N : (D -> R) -> Prop.
Definition orthogonal v := forall z, N z -> inner z v = 0.
Lemma orthogonal_comb u v a b : orthogonal u -> orthogonal v -> orthogonal (fun k => a * u k + b * v k).
Proof. intros Hu Hv z Hz. rewrite inner_comb_r, (Hu z Hz), (Hv z Hz). ring. Qed.
Definition total := sum_over (fun i => sum_over (fun j => Rabs (M i j)) dims) dims.
Lemma total_nonneg : 0 <= total.
Proof. apply sum_nonneg. intros. apply sum_nonneg. intros. apply Rabs_pos. Qed.
(* |x^T B y - c^T B c| for a bounded x near c *)
Lemma near_quotient x c d : d <= 1 -> (forall k, In k dims -> Rabs (x k) <= 1) -> (forall k, In k dims -> Rabs (x k - c k) < d) -> Rabs (quotient x - quotient c) <= 3 * d * total.
Proof.
  intros Hd Hx Hc. unfold inner, times, total.
  replace (sum_over (fun k => x k * sum_over (fun j => M k j * x j) dims) dims - sum_over (fun k => c k * sum_over (fun j => M k j * c j) dims) dims)
    with (sum_over (fun i => sum_over (fun j => M i j * (x i * x j - c i * c j)) dims) dims).
  - eapply Rle_trans; [apply sum_abs |]. rewrite <- sum_scal. apply sum_le. intros i Hi. eapply Rle_trans; [apply sum_abs |]. rewrite <- sum_scal. apply sum_le. intros j Hj.
    rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos |].
    replace (x i * x j - c i * c j) with (x i * (x j - c j) + c j * (x i - c i)) by ring.
    assert (Xi := Hx i Hi). assert (Xj := Hx j Hj). assert (Ci := Hc i Hi). assert (Cj := Hc j Hj).
    assert (Bj : Rabs (c j) <= 2). { replace (c j) with (x j - (x j - c j)) by ring. eapply Rle_trans; [apply Rabs_triang |]. rewrite Rabs_Ropp. lra. }
    eapply Rle_trans; [apply Rabs_triang |]. rewrite !Rabs_mult.
    assert (P1 := Rabs_pos (x i)). assert (P2 := Rabs_pos (x j - c j)). assert (P3 := Rabs_pos (c j)). assert (P4 := Rabs_pos (x i - c i)).
    assert (Rabs (x i) * Rabs (x j - c j) <= 1 * d) by (apply Rmult_le_compat; lra). assert (Rabs (c j) * Rabs (x i - c i) <= 2 * d) by (apply Rmult_le_compat; lra). lra.
  - rewrite (sum_comb [(1, fun k => x k * sum_over (fun j => M k j * x j) dims); (-1, fun k => c k * sum_over (fun j => M k j * c j) dims)] (fun i => sum_over (fun j => M i j * (x i * x j - c i * c j)) dims)); [cbn [comb_sum]; ring |].
    intros i _. rewrite (sum_comb [(x i, fun j => M i j * x j); (- c i, fun j => M i j * c j)]) by (intros; cbn [comb]; ring). cbn [comb comb_sum]. ring.
Qed.
Lemma near_inner z x c d : (forall k, In k dims -> Rabs (x k - c k) < d) -> Rabs (inner z x - inner z c) <= d * sum_over (fun k => Rabs (z k)) dims.
Proof.
  intros Hc. replace (inner z x - inner z c) with (sum_over (fun k => z k * (x k - c k)) dims).
  - eapply Rle_trans; [apply sum_abs |]. rewrite <- sum_scal. apply sum_le. intros k Hk. rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos |]. left. apply Hc. assumption.
  - unfold inner. rewrite (sum_comb [(1, fun k => z k * x k); (-1, fun k => z k * c k)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring].
Qed.
Lemma all_small y : 0 <= y -> forall x, (forall d, 0 < d -> d <= 1 -> x <= d * y) -> x <= 0.
Proof.
  intros Hy x H. destruct (Rle_lt_dec x 0) as [| Lx]; [assumption | exfalso]. set (d := Rmin 1 (x / (2 * (y + 1)))).
  assert (q : 0 < x / (2 * (y + 1))) by (apply Rdiv_lt_0_compat; lra). assert (d0 : 0 < d) by (apply Rmin_pos; lra). assert (d1 : d <= 1) by apply Rmin_l.
  assert (d2 : d <= x / (2 * (y + 1))) by apply Rmin_r. specialize (H d d0 d1).
  assert (d * y <= x / (2 * (y + 1)) * y) by (apply Rmult_le_compat_r; assumption).
  assert (x / (2 * (y + 1)) * y = x / 2 * (y / (y + 1))) by (field; lra). assert (y / (y + 1) <= 1) by (apply Rmult_le_reg_r with (y + 1); [lra |]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra). nra.
Qed.
Lemma unit_bounded x k : inner x x = 1 -> In k dims -> Rabs (x k) <= 1.
Proof.
  intros H Hk. assert (B := sum_member (fun k => x k * x k) dims k Hk (fun a _ => Rle_0_sqr (x a))). cbv beta in B. unfold inner in H. rewrite H in B. apply Rabs_le. split; nra.
Qed.
(* the least quotient on the unit vectors orthogonal to N is attained *)
Lemma least_quotient_attained : (exists v, orthogonal v /\ nonzero v) ->
  exists l c, orthogonal c /\ inner c c = 1 /\ quotient c = l /\ forall v, orthogonal v -> l * inner v v <= quotient v.
Proof.
  intros (v0 & O0 & n0). set (lower := fun m => forall v, orthogonal v -> inner v v = 1 -> m <= quotient v).
  assert (Unit : forall v, orthogonal v -> nonzero v -> let s := / sqrt (inner v v) in orthogonal (fun k => s * v k + 0 * v k) /\ inner (fun k => s * v k + 0 * v k) (fun k => s * v k + 0 * v k) = 1
    /\ quotient (fun k => s * v k + 0 * v k) = quotient v / inner v v).
  { intros v Ov nv s. assert (P := inner_positive v nv). assert (s0 : 0 < sqrt (inner v v)) by (apply sqrt_lt_R0; assumption). assert (ss : sqrt (inner v v) * sqrt (inner v v) = inner v v) by (apply sqrt_sqrt; lra).
    split; [apply orthogonal_comb; assumption |]. split.
    - rewrite inner_comb_r, !inner_comb_l. replace (s * (s * inner v v + 0 * inner v v) + 0 * (s * inner v v + 0 * inner v v)) with (s * s * inner v v) by ring. unfold s. rewrite <- ss at 3. field. lra.
    - rewrite (inner_ext _ (times M (fun k => s * v k + 0 * v k)) (fun k => s * times M v k + 0 * times M v k)) by (intros; apply times_comb).
      rewrite inner_comb_r, !inner_comb_l. replace (s * (s * quotient v + 0 * quotient v) + 0 * (s * quotient v + 0 * quotient v)) with (s * s * quotient v) by ring. unfold s, Rdiv. rewrite <- ss at 3. field. lra. }
  destruct (Unit v0 O0 n0) as (U1 & U2 & U3). set (u0 := fun k => / sqrt (inner v0 v0) * v0 k + 0 * v0 k) in *.
  destruct (completeness lower) as [l [Hu Hl]].
  - exists (quotient u0). intros m Hm. apply Hm; assumption.
  - exists (- (3 * 1 * total)). intros v Ov Uv. assert (B := near_quotient v (fun _ => 0) 2 ). (* crude bound through the entries *)
    assert (C : Rabs (quotient v) <= total).
    { unfold inner, times, total. eapply Rle_trans; [apply sum_abs |]. apply sum_le. intros i Hi. rewrite Rabs_mult. rewrite <- (Rmult_1_l (sum_over (fun j => Rabs (M i j)) dims)).
      apply Rmult_le_compat; [apply Rabs_pos | apply Rabs_pos | apply unit_bounded; assumption |]. eapply Rle_trans; [apply sum_abs |]. apply sum_le. intros j Hj. rewrite Rabs_mult. rewrite <- (Rmult_1_r (Rabs (M i j))) at 2.
      apply Rmult_le_compat_l; [apply Rabs_pos | apply unit_bounded; assumption]. }
    apply Rabs_le_between in C. assert (T := total_nonneg). lra.
  - assert (Ll : lower l). { intros v Ov Uv. apply Hl. intros m Hm. apply Hm; assumption. }
    destruct (cluster dims (fun d x => orthogonal x /\ inner x x = 1 /\ quotient x < l + d)) as [c Hc].
    + intros d d' x Hdd (H1 & H2 & H3). repeat split; try assumption. lra.
    + intros d Hd. apply NNPP. intros No. assert (B : lower (l + d)). { intros v Ov Uv. destruct (Rle_lt_dec (l + d) (quotient v)); [assumption | exfalso; apply No; exists v; repeat split; assumption]. } specialize (Hu _ B). lra.
    + intros d x k (H1 & H2 & H3) Hk. apply unit_bounded; assumption.
    + assert (Oc : orthogonal c).
      { intros z Hz. assert (B : Rabs (inner z c) <= 0).
        { apply (all_small (sum_over (fun k => Rabs (z k)) dims) (sum_nonneg _ _ (fun k _ => Rabs_pos (z k)))). intros d Hd _. destruct (Hc d Hd) as (x & (Ox & _) & Hx).
          assert (Q := near_inner z x c d Hx). rewrite (Ox z Hz) in Q. replace (0 - inner z c) with (- inner z c) in Q by ring. rewrite Rabs_Ropp in Q. exact Q. }
        assert (P := Rabs_pos (inner z c)). destruct (Req_dec (inner z c) 0); [assumption |]. assert (0 < Rabs (inner z c)) by (apply Rabs_pos_lt; assumption). lra. }
      set (s1 := sum_over (fun _ : D => 1) dims). assert (s10 : 0 <= s1) by (apply sum_nonneg; intros; lra).
      assert (Uc : inner c c = 1).
      { assert (B : Rabs (inner c c - 1) <= 0).
        { apply (all_small (3 * s1)); [lra |]. intros d Hd Hd1. destruct (Hc d Hd) as (x & (Ox & Ux & _) & Hx). rewrite <- Ux, Rabs_minus_sym.
          replace (inner x x - inner c c) with (sum_over (fun k => (x k + c k) * (x k - c k)) dims) by (unfold inner; rewrite (sum_comb [(1, fun k => x k * x k); (-1, fun k => c k * c k)]); [cbn [comb_sum]; ring | intros; cbn [comb]; ring]).
          eapply Rle_trans; [apply sum_abs |]. unfold s1. replace (d * (3 * sum_over (fun _ => 1) dims)) with (d * 3 * sum_over (fun _ => 1) dims) by ring. rewrite <- sum_scal. apply sum_le. intros k Hk.
          assert (Xk := unit_bounded x k Ux Hk). specialize (Hx k Hk). rewrite Rabs_mult. assert (Rabs (x k + c k) <= 3).
          { replace (x k + c k) with (2 * x k - (x k - c k)) by ring. eapply Rle_trans; [apply Rabs_triang |]. rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq 2) by lra. lra. }
          assert (P1 := Rabs_pos (x k + c k)). assert (P2 := Rabs_pos (x k - c k)). assert (Rabs (x k + c k) * Rabs (x k - c k) <= 3 * d) by (apply Rmult_le_compat; lra). lra. }
        apply Rabs_le_between in B. lra. }
      assert (Qc : quotient c <= l).
      { assert (B : quotient c - l <= 0); [| lra]. apply (all_small (3 * total + 1)); [assert (T := total_nonneg); lra |]. intros d Hd Hd1. destruct (Hc d Hd) as (x & (Ox & Ux & Qx) & Hx).
        assert (Q := near_quotient x c d Hd1 (fun k Hk => unit_bounded x k Ux Hk) Hx). apply Rabs_le_between in Q. lra. }
      exists l, c. repeat split; [assumption | assumption | specialize (Ll c Oc Uc); lra |].
      intros v Ov. destruct (classic (nonzero v)) as [nv | zv].
      * destruct (Unit v Ov nv) as (V1 & V2 & V3). assert (B := Ll _ V1 V2). rewrite V3 in B. assert (P := inner_positive v nv). apply Rmult_le_compat_r with (r := inner v v) in B; [| lra].
        unfold Rdiv in B. rewrite Rmult_assoc, Rinv_l, Rmult_1_r in B by lra. exact B.
      * assert (Z : forall k, In k dims -> v k = 0) by (intros k Hk; destruct (Req_dec (v k) 0); [assumption | exfalso; apply zv; exists k; split; assumption]).
        unfold inner. rewrite (sum_ext (fun k => v k * v k) (fun _ => 0)) by (intros k Hk; rewrite (Z k Hk); ring). rewrite (sum_ext (fun k => v k * times M v k) (fun _ => 0)) by (intros k Hk; rewrite (Z k Hk); ring). rewrite sum_zero. lra.
Qed.
(* where it is attained is an eigenvector, if M keeps the orthogonal vectors *)
Theorem least_quotient_is_eigenvalue : (exists v, orthogonal v /\ nonzero v) -> (forall v, orthogonal v -> orthogonal (times M v)) ->
  exists l c, orthogonal c /\ eigenvector M l c /\ forall v, orthogonal v -> l * inner v v <= quotient v.
Proof.
  intros Hex Hinv. destruct (least_quotient_attained Hex) as (l & c & Oc & Uc & Qc & Hl). exists l, c. split; [assumption |]. split; [| assumption]. split.
  - apply NNPP. intros No. assert (Z : inner c c = 0); [| lra]. unfold inner. rewrite <- (sum_zero dims). apply sum_ext. intros k Hk. destruct (Req_dec (c k) 0) as [-> | n]; [ring | exfalso; apply No; exists k; split; assumption].
  - (* the residual r = M c - l c is orthogonal to N, and 0 <= q(c + t r) - l |c + t r|^2 = 2 t |r|^2 + t^2 (...) for every t *)
    set (r := fun k => 1 * times M c k + - l * c k). assert (Or : orthogonal r) by (apply orthogonal_comb; [apply Hinv |]; assumption).
    assert (Rr : inner c (times M r) - l * inner c r = inner r r).
    { rewrite <- times_sym. change (inner r r) with (inner r (fun k => 1 * times M c k + - l * c k)). rewrite inner_comb_r, (inner_sym c r). ring. }
    assert (Pos : forall t, 0 <= 2 * t * inner r r + t^2 * (quotient r - l * inner r r)).
    { intros t. set (v := fun k => 1 * c k + t * r k). assert (Ov : orthogonal v) by (apply orthogonal_comb; assumption). assert (B := Hl v Ov). unfold v in B.
      rewrite (inner_ext _ (times M (fun k => 1 * c k + t * r k)) (fun k => 1 * times M c k + t * times M r k)) in B by (intros; apply times_comb).
      rewrite !inner_comb_r, !inner_comb_l in B. rewrite Uc, Qc in B. rewrite (times_sym r c) in B. rewrite (inner_sym r c) in B. rewrite (inner_sym c r) in B. rewrite (inner_sym c r) in Rr. 
      assert (E : inner c (times M r) = inner r r + l * inner r c) by lra. rewrite E in B. lra. }
    set (q := quotient r - l * inner r r) in *. assert (n0 := inner_nonneg r).
    assert (Z : inner r r = 0).
    { destruct (Req_dec (inner r r) 0) as [| nz]; [assumption | exfalso]. set (w := inner r r) in *. assert (w0 : 0 < w) by lra. assert (a0 := Rabs_pos q). assert (a1 := Rle_abs q).
      specialize (Pos (- w / (Rabs q + 1))). 
      assert (E : 2 * (- w / (Rabs q + 1)) * w + (- w / (Rabs q + 1))^2 * q = - (w^2 / (Rabs q + 1)) * (2 - q / (Rabs q + 1))) by (field; lra). rewrite E in Pos.
      assert (q / (Rabs q + 1) <= 1) by (apply Rmult_le_reg_r with (Rabs q + 1); [lra |]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
      assert (0 < w^2 / (Rabs q + 1)) by (apply Rdiv_lt_0_compat; [apply pow_lt; assumption | lra]). nra. }
    intros k Hk. assert (R0 := inner_zero r Z k Hk). unfold r in R0. lra.
Qed.
End Matrices.
