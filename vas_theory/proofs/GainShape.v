(* B29's convexity for every group size: w_G'' exists and is >= 0 on [0, 1]. *)
Require Import Reals Lra Psatz Lia.
From Coquelicot Require Import Coquelicot.
From Vas Require Import GroupGain.
Open Scope R_scope.
Definition Delta (f : nat -> R) (j : nat) := f (S j) - f j.
Lemma EB_pred n p f : EB p (S n) f = p * EB p n (fun j => f (S j)) + (1 - p) * EB p n f.
Proof. reflexivity. Qed.
Lemma EB_derive n : forall f p, is_derive (fun p => EB p n f) p (match n with O => 0 | S m => INR n * EB p m (Delta f) end).
Proof.
  induction n as [|n IH]; intros f p; [apply (is_derive_ext (fun _ : R => f O)); [intros; reflexivity | apply @is_derive_const] |]. cbn [EB].
  assert (A := IH (fun j => f (S j)) p). assert (B := IH f p).
  evar_last.
  - apply (is_derive_plus (fun p => p * EB p n (fun j => f (S j))) (fun p => (1 - p) * EB p n f)).
    + apply (is_derive_mult (fun p => p) (fun p => EB p n (fun j => f (S j)))); [apply is_derive_id | exact A | intros; apply Rmult_comm].
    + apply (is_derive_mult (fun p => 1 - p) (fun p => EB p n f)); [auto_derive; [trivial | reflexivity] | exact B | intros; apply Rmult_comm].
  - destruct n as [|m]; unfold plus, mult, one; cbn -[INR EB Delta]; unfold mult; cbn -[INR EB Delta].
    + cbn. unfold Delta. ring.
    + rewrite (S_INR (S m)). set (N := INR (S m)). rewrite (EB_pred m p (Delta f)). unfold Delta at 3 4.
      rewrite !EB_pred.
      assert (L : forall h, EB p m (Delta h) = EB p m (fun j => h (S j)) - EB p m h).
      { intros h. unfold Delta. rewrite (EB_ext p m _ (fun j => 1 * h (S j) + (-1) * h j)) by (intros; ring). rewrite (EB_lin p m (fun j => h (S j)) h). ring. }
      change (fun j => f (S (S j)) - f (S j)) with (Delta (fun j => f (S j))). change (fun j => f (S j) - f j) with (Delta f).
      rewrite !L. ring.
Qed.

Definition c (n j : nat) := (INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j)).
Lemma c_convex n j : (S (S j) <= n)%nat -> 0 <= Delta (Delta (c n)) j.
Proof.
  intros Hj. unfold Delta, c. rewrite !S_INR. apply le_INR in Hj. rewrite ?S_INR in Hj. assert (Hn := pos_INR n). assert (H0 := pos_INR j).
  set (a := INR j + 1) in *. set (b := INR n + 1 - INR j) in *.
  set (X := a * b). set (Y := (a + 1) * (INR n + 1 - a)). set (Z := (a + 1 + 1) * (INR n + 1 - (a + 1))).
  assert (HX : 0 < X) by (apply Rmult_lt_0_compat; unfold a, b in *; lra). assert (HY : 0 < Y) by (apply Rmult_lt_0_compat; unfold a in *; lra). assert (HZ : 0 < Z) by (apply Rmult_lt_0_compat; unfold a in *; lra).
  assert (XZ : X * Z <= Y * Y) by (assert (E : Y * Y - X * Z = (INR j + 2)^2 + (INR n - INR j)^2 - 1) by (unfold X, Y, Z, a, b; ring); assert (1 <= (INR j + 2)^2) by (replace ((INR j + 2)^2) with (1 + (INR j + 1) * (INR j + 3)) by ring; assert (0 <= (INR j + 1) * (INR j + 3)) by (apply Rmult_le_pos; lra); lra); assert (0 <= (INR n - INR j)^2) by apply pow2_ge_0; lra).
  set (x := / sqrt X). set (y := / sqrt Y). set (z := / sqrt Z).
  assert (Sx := sqrt_lt_R0 X HX). assert (Sy := sqrt_lt_R0 Y HY). assert (Sz := sqrt_lt_R0 Z HZ).
  assert (0 < x) by (apply Rinv_0_lt_compat; assumption). assert (0 < y) by (apply Rinv_0_lt_compat; assumption). assert (0 < z) by (apply Rinv_0_lt_compat; assumption).
  assert (yy : y * y <= x * z).
  { unfold x, y, z. rewrite <- !Rinv_mult_distr by lra. apply Rinv_le_contravar; [apply Rmult_lt_0_compat; assumption |]. rewrite <- sqrt_mult by lra. rewrite sqrt_sqrt by lra.
    apply Rle_trans with (sqrt (Y * Y)); [apply sqrt_le_1_alt; exact XZ | rewrite sqrt_square; lra]. }
  assert (2 * y <= x + z).
  { clearbody x y z. destruct (Rle_lt_dec (2 * y) (x + z)) as [|L]; [assumption | exfalso].
    assert ((x + z) * (x + z) < (2 * y) * (2 * y)) by (apply Rmult_le_0_lt_compat; lra). assert (0 <= (x - z)^2) by apply pow2_ge_0. lra. }
  unfold Rdiv. fold x y z. replace ((INR n + 1) * z - (INR n + 1) * y - ((INR n + 1) * y - (INR n + 1) * x)) with ((INR n + 1) * (x + z - 2 * y)) by ring.
  apply Rmult_le_pos; lra.
Qed.
(* B29 *)
Theorem group_gain_convex n p : 0 <= p <= 1 -> exists w' w'' : R -> R,
  (forall t, is_derive (fun t => w t n) t (w' t)) /\ (forall t, is_derive w' t (w'' t)) /\ 0 <= w'' p.
Proof.
  intros Hp. destruct n as [|[|n]].
  - exists (fun _ => 0), (fun _ => 0). split; [intros t; apply (EB_derive 0) | split; [intros; apply @is_derive_const | lra]].
  - exists (fun t => INR 1 * EB t 0 (Delta (c 1))), (fun _ => 0). split; [intros t; apply (EB_derive 1) | split; [intros t; apply (is_derive_ext (fun _ : R => INR 1 * Delta (c 1) 0)); [reflexivity | apply @is_derive_const] | lra]].
  - exists (fun t => INR (S (S n)) * EB t (S n) (Delta (c (S (S n))))), (fun t => INR (S (S n)) * (INR (S n) * EB t n (Delta (Delta (c (S (S n))))))).
    split; [intros t; apply (EB_derive (S (S n))) | split].
    + intros t. apply (is_derive_scal (fun t => EB t (S n) (Delta (c (S (S n)))))). apply (EB_derive (S n)).
    + apply Rmult_le_pos; [apply pos_INR | apply Rmult_le_pos; [apply pos_INR |]].
      apply Rle_trans with (EB p n (fun _ => 0)).
      * right. clear. induction n; cbn; [reflexivity | rewrite <- IHn; ring].
      * apply EB_le; [assumption |]. intros j Hj. apply c_convex. lia.
Qed.
