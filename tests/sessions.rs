//! Which sessions end where accounts are looked at again: those that are older than the account, and no other.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;
use tincan::chat::{Chat, Identity, Transport};
use tincan::error::Error;
use tincan::model::{Email, Event, NewPassword, PasswordHash, SocketId, UserId, Username};
use tincan::store::Store;

use crate::app::{PASSWORD, config};
use crate::socket::timed;
use crate::troubled::Troubled;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Remembers whose connections were ended.
#[derive(Default)]
struct Ended(Mutex<Vec<SocketId>>);

impl Transport for Ended {
    fn deliver(&self, _sockets: &[SocketId], _event: &Event) {}

    fn disconnect(&self, socket: SocketId) {
        self.0.lock().unwrap().push(socket);
    }
}

/// The verbs over a store that does what the test says.
struct House {
    chat: Arc<Chat>,
    store: Arc<Troubled>,
    ended: Arc<Ended>,
    _data: TempDir,
}

impl House {
    async fn new() -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let config = Arc::new(config(data.path()));
        let store = Troubled::new(tincan::store::open(&config).await.expect("the store opens"));
        let chat = Arc::new(Chat::new(config, Arc::clone(&store) as Arc<dyn Store>));
        let ended = Arc::new(Ended::default());
        let transport: Weak<dyn Transport> = Arc::downgrade(&(Arc::clone(&ended) as Arc<dyn Transport>));
        chat.attach(transport);
        Self { chat, store, ended, _data: data }
    }

    async fn user(&self, name: &str) -> Identity {
        let email = Email::parse(&format!("{name}@example.com")).unwrap();
        let password = NewPassword::parse(PASSWORD).unwrap();
        let session = self.chat.signup(ADDRESS, Username::parse(name).unwrap(), email, password).await.unwrap();
        self.chat.authenticate(&session.token).await.unwrap()
    }

    async fn connect(&self, who: &Identity) -> SocketId {
        let socket = SocketId::new();
        self.chat.connect(socket, who).await.unwrap();
        socket
    }

    /// As another process does it.
    async fn set_password_elsewhere(&self, user: UserId) {
        let hash = PasswordHash::new("$2b$04$elsewhere".to_owned());
        assert!(self.store.set_password(user, None, hash).await.unwrap().is_some());
    }

    fn ended(&self) -> Vec<SocketId> {
        std::mem::take(&mut self.ended.0.lock().unwrap())
    }
}

#[tokio::test]
async fn who_connects_while_the_store_is_asked_stays() {
    let house = House::new().await;
    let (ann, bob) = (house.user("ann").await, house.user("bob").await);
    let first = house.connect(&ann).await;
    let (gate, before) = (house.store.hold("token_versions"), house.store.count("token_versions"));
    let checking = tokio::spawn({
        let chat = Arc::clone(&house.chat);
        async move { chat.recheck_sessions().await }
    });
    house.store.begun("token_versions", before + 1).await;
    house.connect(&bob).await;
    house.connect(&ann).await;
    house.store.heal("token_versions");
    gate.add_permits(1);
    assert_eq!(timed("the check ends", checking).await.unwrap(), Ok(()));
    assert_eq!(house.ended(), []);
    // The same look ends those whose account has gone.
    assert!(house.store.remove_user(ann.user.id).await.unwrap());
    house.chat.recheck_sessions().await.unwrap();
    let ended = house.ended();
    assert!(ended.len() == 2 && ended.contains(&first), "{ended:?}");
}

#[tokio::test]
async fn an_answer_that_leaves_somebody_out_and_one_that_does_not_come_end_nothing() {
    let house = House::new().await;
    let (ann, bob) = (house.user("ann").await, house.user("bob").await);
    let (ann_socket, _) = (house.connect(&ann).await, house.connect(&bob).await);
    house.store.forgets_versions.store(true, Ordering::Relaxed);
    house.chat.recheck_sessions().await.unwrap();
    assert_eq!(house.ended(), []);
    house.set_password_elsewhere(ann.user.id).await;
    house.store.leave_unanswered("token_versions");
    assert_eq!(house.chat.recheck_sessions().await, Err(Error::Storage));
    assert_eq!(house.ended(), []);
    house.store.heal("token_versions");
    house.chat.recheck_sessions().await.unwrap();
    assert_eq!(house.ended(), [ann_socket]);
}

#[tokio::test]
async fn a_password_changed_elsewhere_ends_older_sessions_and_not_the_new_one() {
    let house = House::new().await;
    let ann = house.user("ann").await;
    let old = house.connect(&ann).await;
    let (gate, before) = (house.store.hold("token_versions"), house.store.count("token_versions"));
    let checking = tokio::spawn({
        let chat = Arc::clone(&house.chat);
        async move { chat.recheck_sessions().await }
    });
    house.store.begun("token_versions", before + 1).await;
    let new = NewPassword::parse("battery staple").unwrap();
    let session = house.chat.change_password(ADDRESS, &ann, PASSWORD, new).await.unwrap();
    assert_eq!(house.ended(), [old]);
    let again = house.chat.authenticate(&session.token).await.unwrap();
    house.connect(&again).await;
    house.store.heal("token_versions");
    gate.add_permits(1);
    assert_eq!(timed("the check ends", checking).await.unwrap(), Ok(()));
    assert_eq!(house.ended(), []);
    assert_eq!(house.chat.connect(SocketId::new(), &ann).await.unwrap_err(), Error::Unauthorized);
}

#[tokio::test]
async fn the_store_is_asked_about_at_most_five_hundred_users_at_once() {
    let house = House::new().await;
    let ann = house.user("ann").await;
    let users: Vec<_> = (0..600)
        .map(|number| {
            let (username, email) = (format!("user{number}"), format!("user{number}@example.com"));
            tincan::model::User { id: UserId::new(), username, email, ..ann.user.clone() }
        })
        .collect();
    let stored = users.iter().map(|user| house.store.insert_user(user.clone()));
    futures_util::future::try_join_all(stored).await.unwrap();
    for user in users {
        house.connect(&Identity { user, claims: ann.claims }).await;
    }
    house.chat.recheck_sessions().await.unwrap();
    assert_eq!(*house.store.versions_asked.lock().unwrap(), [500, 100]);
    assert_eq!(house.ended(), []);
}
