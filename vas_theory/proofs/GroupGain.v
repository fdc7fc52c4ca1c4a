(* B31 for every group size G = n + 2 and every p in [0, 1]: w_G = E[(G-1)/sqrt((J+1)(G-1-J))], J ~ Bin(n, p). *)
Require Import Reals Lra Psatz Lia.
Open Scope R_scope.
Section Binomial.
Variable p : R.
(* expectation over n coin flips, one flip at a time *)
Fixpoint EB (n : nat) (f : nat -> R) : R := match n with O => f O | S m => p * EB m (fun j => f (S j)) + (1 - p) * EB m f end.
Lemma EB_ext n : forall f g, (forall j, (j <= n)%nat -> f j = g j) -> EB n f = EB n g.
Proof. induction n; simpl; intros f g H; [apply H; lia |]. rewrite (IHn (fun j => f (S j)) (fun j => g (S j))), (IHn f g); [reflexivity | intros; apply H; lia | intros; apply H; lia]. Qed.
Lemma EB_lin n : forall f g c d, EB n (fun j => c * f j + d * g j) = c * EB n f + d * EB n g.
Proof. induction n; simpl; intros; [ring |]. rewrite (IHn (fun j => f (S j)) (fun j => g (S j))), IHn. ring. Qed.
Hypothesis Hp : 0 <= p <= 1.
Lemma EB_le n : forall f g, (forall j, (j <= n)%nat -> f j <= g j) -> EB n f <= EB n g.
Proof.
  induction n; simpl; intros f g H; [apply H; lia |].
  apply Rplus_le_compat; (apply Rmult_le_compat_l; [lra |]); apply IHn; intros; apply H; lia.
Qed.
Lemma EB_quadratic n : forall a b c, EB n (fun j => a + b * INR j + c * INR j ^2) = a + b * (INR n * p) + c * (INR n * p * (1 - p) + (INR n * p)^2).
Proof.
  induction n; intros; [simpl; ring |]. cbn [EB].
  rewrite (EB_ext n (fun j => a + b * INR (S j) + c * INR (S j) ^2) (fun j => (a + b + c) + (b + 2 * c) * INR j + c * INR j ^2)) by (intros; rewrite S_INR; ring).
  rewrite !IHn, S_INR. ring.
Qed.
Lemma tangent X m : 0 < X -> 0 < m -> / sqrt m - (X - m) / (2 * m * sqrt m) <= / sqrt X.
Proof.
  intros HX Hm. assert (Hs := sqrt_lt_R0 X HX). assert (Ht := sqrt_lt_R0 m Hm).
  rewrite <- (sqrt_sqrt X) at 1 by lra. rewrite <- (sqrt_sqrt m) at 2 3 by lra. set (s := sqrt X) in *. set (t := sqrt m) in *. clearbody s t.
  assert (D : / s - (/ t - (s * s - t * t) / (2 * (t * t) * t)) = (s - t)^2 * (s + 2 * t) / (2 * s * t^3)) by (field; lra).
  assert (0 <= (s - t)^2 * (s + 2 * t) / (2 * s * t^3)).
  { apply Rmult_le_pos; [apply Rmult_le_pos; [apply pow2_ge_0 | lra] |]. left. apply Rinv_0_lt_compat. apply Rmult_lt_0_compat; [lra | apply pow_lt; lra]. }
  lra.
Qed.
Definition w (n : nat) := EB n (fun j => (INR n + 1) / sqrt ((INR j + 1) * (INR n + 1 - INR j))).
(* B31 *)
Theorem group_gain_lower_bracket n : let G := INR n + 2 in (G - 1) / sqrt ((G - 2) * (G - 3) * (p * (1 - p)) + (G - 1)) <= w n.
Proof.
  intros G. set (m := (G - 2) * (G - 3) * (p * (1 - p)) + (G - 1)).
  assert (Hn := pos_INR n). assert (Hq : 0 <= p * (1 - p) <= 1/4) by (split; [apply Rmult_le_pos; lra | assert (0 <= (p - /2)^2) by apply pow2_ge_0; lra]).
  assert (Em : EB n (fun j => (INR j + 1) * (INR n + 1 - INR j)) = m).
  { rewrite (EB_ext n _ (fun j => (INR n + 1) + INR n * INR j + (-1) * INR j ^2)) by (intros; ring).
    rewrite EB_quadratic. unfold m, G. ring. }
  assert (Ypos : forall j, (j <= n)%nat -> 1 <= (INR j + 1) * (INR n + 1 - INR j)).
  { intros j Hj. assert (INR j <= INR n) by (apply le_INR; lia). assert (0 <= INR j) by apply pos_INR. nra. }
  assert (Hm : 0 < m).
  { rewrite <- Em. apply Rlt_le_trans with (EB n (fun _ => 1)).
    - replace (EB n (fun _ => 1)) with 1; [lra |]. rewrite (EB_ext n _ (fun j => 1 + 0 * INR j + 0 * INR j ^2)) by (intros; ring). rewrite EB_quadratic. ring.
    - apply EB_le. exact Ypos. }
  assert (Hs := sqrt_lt_R0 m Hm).
  apply Rle_trans with (EB n (fun j => (INR n + 1) * (/ sqrt m - ((INR j + 1) * (INR n + 1 - INR j) - m) / (2 * m * sqrt m)))).
  - right. rewrite (EB_ext n _ (fun j => ((INR n + 1) * (/ sqrt m + / (2 * sqrt m))) * 1 + (- (INR n + 1) / (2 * m * sqrt m)) * ((INR j + 1) * (INR n + 1 - INR j)))) by (intros; field; lra).
    rewrite (EB_lin n (fun _ => 1) (fun j => (INR j + 1) * (INR n + 1 - INR j))), Em.
    replace (EB n (fun _ => 1)) with 1. { unfold G. field. lra. }
    rewrite (EB_ext n (fun _ => 1) (fun j => 1 + 0 * INR j + 0 * INR j ^2)) by (intros; ring). rewrite EB_quadratic. ring.
  - apply EB_le. intros j Hj. unfold Rdiv at 2. apply Rmult_le_compat_l; [lra |]. apply tangent; [specialize (Ypos j Hj); lra | exact Hm].
Qed.
End Binomial.
