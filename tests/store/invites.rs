//! Invitations: found by their code, counted down by as many as there are uses.

use tincan::model::{Invite, InviteId, RoomId, Timestamp, UserId};
use tincan::store::StoreError;

use super::Place;
use crate::support::sample::{at_once, moment, stored_user};

/// When they end.
const ENDS: Timestamp = Timestamp::from_millis(1_900_000_000_000);
const BEFORE: Timestamp = Timestamp::from_millis(1_899_999_999_999);

pub(crate) fn invite(by: Option<UserId>, uses: u32) -> Invite {
    let id = InviteId::new();
    Invite {
        id,
        code: format!("code{id}"),
        created_by: by,
        room: Some(RoomId::new()),
        uses,
        used: 0,
        pending: Vec::new(),
        created_at: moment(),
        expires_at: ENDS,
    }
}

pub(crate) async fn an_invitation_is_found_by_its_code_and_listed_while_it_is_left(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (UserId::new(), UserId::new());
    let (first, second) = (invite(Some(ann), 1), Invite { room: None, ..invite(Some(ann), 2) });
    let (other, unmade) = (invite(Some(bob), 1), invite(None, 1));
    for one in [&first, &second, &other, &unmade] {
        store.insert_invite(one.clone()).await.unwrap();
    }
    assert_eq!(store.invite_by_code(&second.code).await.unwrap(), Some(second.clone()));
    for unknown in ["", "code", "{\"$gt\":\"\"}"] {
        assert_eq!(store.invite_by_code(unknown).await.unwrap(), None, "{unknown}");
    }
    assert_eq!(store.invites(Some(ann), BEFORE).await.unwrap(), [second.clone(), first.clone()]);
    let all = store.invites(None, BEFORE).await.unwrap();
    assert_eq!(all, [unmade.clone(), other.clone(), second.clone(), first.clone()]);
    assert_eq!(store.invites(None, ENDS).await.unwrap(), []);
    let used = store.use_invite(first.id, bob, BEFORE).await.unwrap();
    assert_eq!(used, Some(Invite { used: 1, pending: vec![bob], ..first.clone() }));
    assert_eq!(store.invites(Some(ann), BEFORE).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.dump_invites(None, 10).await.unwrap(), [used.unwrap(), second.clone(), other.clone()]);
    assert_eq!(store.dump_invites(Some(first.id), 1).await.unwrap(), std::slice::from_ref(&second));
    let again = store.insert_invite(second).await;
    assert!(matches!(again, Err(StoreError::Bug(_))), "{again:?}");
}

pub(crate) async fn with_one_use_left_and_fifty_who_come_one_gets_in(place: &impl Place) {
    let store = place.open().await;
    for uses in [1, 7] {
        let one = invite(Some(UserId::new()), uses);
        store.insert_invite(one.clone()).await.unwrap();
        let answers = at_once((0..50).map(|_| {
            let store = store.clone();
            async move { store.use_invite(one.id, UserId::new(), BEFORE).await.unwrap() }
        }));
        let mut used: Vec<u32> = answers.await.into_iter().flatten().map(|invite| invite.used).collect();
        used.sort_unstable();
        assert_eq!(used, (1..=uses).collect::<Vec<_>>());
    }
}

pub(crate) async fn a_use_counts_once_and_is_given_back_once_where_it_came_to_nothing(place: &impl Place) {
    let store = place.open().await;
    let (ann, bob) = (UserId::new(), UserId::new());
    let one = invite(Some(UserId::new()), 1);
    store.insert_invite(one.clone()).await.unwrap();
    let by_ann = Some(Invite { used: 1, pending: vec![ann], ..one.clone() });
    // Nothing is pending, so there is nothing to settle.
    store.settle_invite(one.id, ann, false).await.unwrap();
    assert_eq!(store.use_invite(one.id, ann, BEFORE).await.unwrap(), by_ann);
    assert_eq!(store.use_invite(one.id, ann, BEFORE).await.unwrap(), by_ann, "it is the same use");
    assert_eq!(store.use_invite(one.id, bob, BEFORE).await.unwrap(), None);
    store.settle_invite(one.id, bob, false).await.unwrap();
    assert_eq!(store.invite_by_code(&one.code).await.unwrap(), by_ann);
    for _ in 0..2 {
        store.settle_invite(one.id, ann, false).await.unwrap();
        assert_eq!(store.invite_by_code(&one.code).await.unwrap().as_ref(), Some(&one));
    }
    assert_eq!(store.use_invite(one.id, bob, ENDS).await.unwrap(), None);
    assert!(store.use_invite(one.id, bob, BEFORE).await.unwrap().is_some());
    for kept in [true, false] {
        store.settle_invite(one.id, bob, kept).await.unwrap();
        let settled = store.invite_by_code(&one.code).await.unwrap();
        assert_eq!(settled, Some(Invite { used: 1, ..one.clone() }), "what is settled stays so");
    }
    assert_eq!(store.use_invite(one.id, ann, BEFORE).await.unwrap(), None);
    store.settle_invite(InviteId::new(), ann, false).await.unwrap();
    assert_eq!(store.use_invite(InviteId::new(), ann, BEFORE).await.unwrap(), None);
}

pub(crate) async fn invitations_go_when_they_are_taken_back_over_or_without_their_maker(place: &impl Place) {
    let store = place.open().await;
    let ann = stored_user(&store, "ann").await.id;
    let (back, over, hers, stays) =
        (invite(None, 1), invite(None, 1), invite(Some(ann), 1), invite(Some(UserId::new()), 1));
    let over = Invite { expires_at: Timestamp::from_millis(1), ..over };
    for one in [&back, &over, &hers, &stays] {
        store.insert_invite(one.clone()).await.unwrap();
    }
    assert!(store.remove_invite(back.id).await.unwrap());
    assert!(!store.remove_invite(back.id).await.unwrap());
    store.remove_ended_invites(Timestamp::from_millis(2)).await.unwrap();
    assert!(store.remove_user(ann).await.unwrap());
    for gone in [&back, &over, &hers] {
        assert_eq!(store.invite_by_code(&gone.code).await.unwrap(), None);
    }
    assert_eq!(store.invites(None, BEFORE).await.unwrap(), [stays]);
}
