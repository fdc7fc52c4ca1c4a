(* Finite sums of any length over any type of arms, and the four tools every certificate uses. *)
Require Import Reals Lra List.
Import ListNotations.
Open Scope R_scope.
Section Sums.
Context {A : Type}.
Fixpoint sum_over (f : A -> R) (l : list A) : R := match l with [] => 0 | a :: t => f a + sum_over f t end.
Lemma sum_ext f g l : (forall a, In a l -> f a = g a) -> sum_over f l = sum_over g l.
Proof. induction l; simpl; intros H; [reflexivity | rewrite H, IHl; auto]. Qed.
Lemma sum_plus f g l : sum_over (fun a => f a + g a) l = sum_over f l + sum_over g l.
Proof. induction l; simpl; [lra | rewrite IHl; lra]. Qed.
Lemma sum_scal c f l : sum_over (fun a => c * f a) l = c * sum_over f l.
Proof. induction l; simpl; [lra | rewrite IHl; lra]. Qed.
Lemma sum_zero l : sum_over (fun _ => 0) l = 0.
Proof. induction l; simpl; lra. Qed.
Lemma sum_le f g l : (forall a, In a l -> f a <= g a) -> sum_over f l <= sum_over g l.
Proof. induction l; simpl; intros H; [lra |]. assert (f a <= g a) by auto. assert (sum_over f l <= sum_over g l) by auto. lra. Qed.
Lemma sum_nonneg f l : (forall a, In a l -> 0 <= f a) -> 0 <= sum_over f l.
Proof. intros H. rewrite <- (sum_zero l). apply sum_le; auto. Qed.
Lemma sum_member f l i : In i l -> (forall a, In a l -> 0 <= f a) -> f i <= sum_over f l.
Proof.
  induction l as [|b t IH]; simpl; intros Hi H; [tauto |]. destruct Hi as [-> | Hi].
  - assert (0 <= sum_over f t) by (apply sum_nonneg; auto). lra.
  - assert (0 <= f b) by auto. assert (f i <= sum_over f t) by auto. lra.
Qed.
Lemma sum_abs f l : Rabs (sum_over f l) <= sum_over (fun a => Rabs (f a)) l.
Proof. induction l; simpl; [rewrite Rabs_R0; lra |]. eapply Rle_trans; [apply Rabs_triang | lra]. Qed.
(* tool 1: linearity in one step. A sum equals the combination of sums that its terms are. *)
Fixpoint comb (cs : list (R * (A -> R))) a : R := match cs with [] => 0 | (c, f) :: t => c * f a + comb t a end.
Fixpoint comb_sum (cs : list (R * (A -> R))) l : R := match cs with [] => 0 | (c, f) :: t => c * sum_over f l + comb_sum t l end.
Lemma sum_comb cs f l : (forall a, In a l -> f a = comb cs a) -> sum_over f l = comb_sum cs l.
Proof.
  intros H. rewrite (sum_ext _ _ _ H). clear H. induction cs as [|[c g] t IH]; simpl; [apply sum_zero |].
  rewrite sum_plus, sum_scal, IH. reflexivity.
Qed.
(* tool 2: Cauchy-Schwarz, with non-negative weights *)
Lemma cauchy_schwarz w f g l : (forall a, In a l -> 0 <= w a) ->
  (sum_over (fun a => w a * f a * g a) l)^2 <= sum_over (fun a => w a * f a ^2) l * sum_over (fun a => w a * g a ^2) l.
Proof.
  intros Hw. set (X := sum_over (fun a => w a * f a ^2) l). set (B := sum_over (fun a => w a * f a * g a) l). set (C := sum_over (fun a => w a * g a ^2) l).
  assert (HX : 0 <= X) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  assert (HC : 0 <= C) by (apply sum_nonneg; intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]).
  assert (Q : forall s t, 0 <= s^2 * X + 2*s*t*B + t^2*C).
  { intros s t. assert (E : sum_over (fun a => w a * (s * f a + t * g a)^2) l = s^2*X + 2*s*t*B + t^2*C).
    { rewrite (sum_comb [(s^2, fun a => w a * f a ^2); (2*s*t, fun a => w a * f a * g a); (t^2, fun a => w a * g a ^2)]).
      - unfold X, B, C; simpl; ring. - intros; simpl; ring. }
    rewrite <- E. apply sum_nonneg. intros; apply Rmult_le_pos; [auto | apply pow2_ge_0]. }
  clearbody X B C. destruct (Req_dec C 0) as [C0 | C1].
  - subst C. assert (H := Q B (-(X+1)/2)). assert (E : B^2*X + 2*B*(-(X+1)/2)*B + (-(X+1)/2)^2*0 = - (B*B)) by field.
    rewrite E in H. assert (B*B <= 0) by lra. replace (B^2) with (B*B) by ring. lra.
  - assert (H := Q C (-B)). assert (E : C^2*X + 2*C*(-B)*B + (-B)^2*C = C * (X*C - B^2)) by ring. rewrite E in H.
    assert (0 < C) by lra. assert (0 <= X*C - B^2); [| lra].
    apply Rmult_le_reg_l with C; [assumption | rewrite Rmult_0_r; assumption].
Qed.
(* tool 3: for non-negative f, the sum of squares is at most the square of the sum *)
Lemma sum_squares_le f l : (forall a, In a l -> 0 <= f a) -> sum_over (fun a => f a ^2) l <= (sum_over f l)^2.
Proof.
  intros H. replace ((sum_over f l)^2) with (sum_over f l * sum_over f l) by ring. rewrite <- sum_scal. apply sum_le. intros a Ha.
  assert (f a <= sum_over f l) by (apply sum_member; auto). replace (f a ^2) with (f a * f a) by ring. apply Rmult_le_compat_r; auto.
Qed.
(* tool 4: a product of sums is a double sum *)
Lemma sum_product f g l m : sum_over f l * sum_over g m = sum_over (fun a => sum_over (fun b => f a * g b) m) l.
Proof. rewrite Rmult_comm, <- sum_scal. apply sum_ext. intros a _. rewrite (sum_scal (f a)). ring. Qed.
Lemma sum_diagonal_le F l : (forall a b, In a l -> In b l -> 0 <= F a b) -> sum_over (fun a => F a a) l <= sum_over (fun a => sum_over (F a) l) l.
Proof. intros H. apply sum_le. intros a Ha. apply (sum_member (F a)); auto. Qed.
(* the largest and the smallest value of f over a list (0 over an empty one) *)
Fixpoint max_over (f : A -> R) (l : list A) : R := match l with [] => 0 | a :: t => match t with [] => f a | _ => Rmax (f a) (max_over f t) end end.
Fixpoint min_over (f : A -> R) (l : list A) : R := match l with [] => 0 | a :: t => match t with [] => f a | _ => Rmin (f a) (min_over f t) end end.
Lemma max_over_ge f l a : In a l -> f a <= max_over f l.
Proof.
  induction l as [|b t IH]; intros H; [destruct H |]. destruct t as [|c t]; [destruct H as [-> | []]; apply Rle_refl |].
  change (f a <= Rmax (f b) (max_over f (c :: t))). destruct H as [-> | H]; [apply Rmax_l | eapply Rle_trans; [apply IH, H | apply Rmax_r]].
Qed.
Lemma min_over_le f l a : In a l -> min_over f l <= f a.
Proof.
  induction l as [|b t IH]; intros H; [destruct H |]. destruct t as [|c t]; [destruct H as [-> | []]; apply Rle_refl |].
  change (Rmin (f b) (min_over f (c :: t)) <= f a). destruct H as [-> | H]; [apply Rmin_l | eapply Rle_trans; [apply Rmin_r | apply IH, H]].
Qed.
Lemma max_over_attained f l : l <> [] -> exists a, In a l /\ f a = max_over f l.
Proof.
  induction l as [|b t IH]; [congruence |]. intros _. destruct t as [|c t]; [exists b; split; [left |]; reflexivity |].
  destruct IH as (a & Ha & E); [congruence |]. change (exists a, In a (b :: c :: t) /\ f a = Rmax (f b) (max_over f (c :: t))).
  unfold Rmax. destruct (Rle_dec _ _); [exists a; split; [right |]; assumption | exists b; split; [left |]; reflexivity].
Qed.
Lemma min_over_attained f l : l <> [] -> exists a, In a l /\ f a = min_over f l.
Proof.
  induction l as [|b t IH]; [congruence |]. intros _. destruct t as [|c t]; [exists b; split; [left |]; reflexivity |].
  destruct IH as (a & Ha & E); [congruence |]. change (exists a, In a (b :: c :: t) /\ f a = Rmin (f b) (min_over f (c :: t))).
  unfold Rmin. destruct (Rle_dec _ _); [exists b; split; [left |]; reflexivity | exists a; split; [right |]; assumption].
Qed.
End Sums.
Lemma sum_swap {A B : Type} (F : A -> B -> R) l m : sum_over (fun a => sum_over (F a) m) l = sum_over (fun b => sum_over (fun a => F a b) l) m.
Proof. induction l; simpl; [rewrite sum_zero; reflexivity |]. rewrite sum_plus, IHl. reflexivity. Qed.
