//! Which sessions end where accounts are looked at again: those that are older than the account, and no other.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tincan::bus::{self, Bus, Subscriber};
use tincan::chat::{
    Accounts, Announcing, Calls, Connections, Identity, Invites, Membership, Messages, Names, NewAccount, Participants,
    Readings, Rights, Views,
};
use tincan::error::Error;
use tincan::live::{Frame, Limits, Outlet};
use tincan::model::{Email, NewPassword, PasswordHash, Proof, SocketId, Timestamp, UserId, Username};
use tincan::store::Store;

use crate::support::app::PASSWORD;
use crate::support::settings::settings;
use crate::support::socket::timed;
use crate::support::troubled::Troubled;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Remembers which connections were ended.
type Ended = Arc<Mutex<Vec<SocketId>>>;

/// A connection whose end is remembered.
struct Remembered {
    socket: SocketId,
    ended: Ended,
}

impl Outlet for Remembered {
    fn send(&self, _frame: &Frame) {}

    fn close(&self) {
        self.ended.lock().unwrap().push(self.socket);
    }
}

/// Closes what is to be closed.
struct Closer;

impl Subscriber for Closer {
    fn close(&self, outlet: &Arc<dyn Outlet>) {
        outlet.close();
    }
}

/// Accounts and connections over a store that does what the test says.
struct House {
    accounts: Accounts,
    connections: Arc<Connections>,
    store: Arc<Troubled>,
    ended: Ended,
    _closer: Arc<Closer>,
    _data: TempDir,
}

impl House {
    async fn new() -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let config = Arc::new(settings(data.path()));
        let store = Troubled::new(tincan::store::open(&config).await.expect("the store opens"));
        let inner = Arc::clone(&store) as Arc<dyn Store>;
        let (bus, closer): (Arc<dyn Bus>, _) = (Arc::new(bus::Local::default()), Arc::new(Closer));
        bus.subscribe(Arc::downgrade(&(Arc::clone(&closer) as Arc<dyn Subscriber>)));
        let (limits, names) = (Arc::new(Limits::new(false)), Arc::new(Names::new(&inner)));
        let rights = Arc::new(Rights::new(&inner));
        let calls = Arc::new(Calls::new(&config, &inner, &bus, &names, &limits, &rights));
        let connections = Connections::new(&inner, &bus, &calls);
        let participants = Participants::new(&inner, &bus, &names);
        let views = Arc::new(Views::new(&inner, &bus, &names, &calls));
        let (announcing, readings) = (Arc::new(Announcing::new(&bus, &views)), Readings::new(&inner, &bus));
        let messages = Arc::new(Messages::new(&inner, &bus, &limits, &rights, &names, &readings));
        let membership = Membership::new(
            (&inner, &bus, &limits),
            (&rights, &views, &announcing),
            (&readings, &participants, &messages, &calls),
        );
        let invites = Invites::new(&config, &inner, &limits, &rights, &views, &membership);
        let accounts = Accounts::new(&config, &inner, &limits, &connections, &invites);
        Self { accounts, connections, store, ended: Ended::default(), _closer: closer, _data: data }
    }

    async fn user(&self, name: &str) -> Identity {
        let email = Email::parse(&format!("{name}@example.com")).unwrap();
        let password = NewPassword::parse(PASSWORD).unwrap();
        let account = NewAccount { username: Username::parse(name).unwrap(), email, password };
        let session = self.accounts.signup(ADDRESS, account, None).await.unwrap();
        self.accounts.authenticate(&session.token).await.unwrap()
    }

    async fn connect(&self, who: &Identity) -> SocketId {
        let socket = SocketId::new();
        self.connect_as(socket, who).await.unwrap();
        socket
    }

    async fn connect_as(&self, socket: SocketId, who: &Identity) -> Result<(), Error> {
        let outlet = Arc::new(Remembered { socket, ended: Arc::clone(&self.ended) });
        self.connections.connect(socket, who, outlet).await.map(drop)
    }

    /// As another process does it.
    async fn set_password_elsewhere(&self, user: UserId) {
        let hash = PasswordHash::new("$2b$04$elsewhere".to_owned());
        assert!(self.store.set_password(user, Proof::Operator, hash, Timestamp::now()).await.unwrap().is_some());
    }

    fn ended(&self) -> Vec<SocketId> {
        std::mem::take(&mut self.ended.lock().unwrap())
    }
}

#[tokio::test]
async fn who_connects_while_the_store_is_asked_stays() {
    let house = House::new().await;
    let (bob, ann) = (house.user("bob").await, house.user("ann").await);
    let first = house.connect(&ann).await;
    let (gate, before) = (house.store.hold("token_versions"), house.store.count("token_versions"));
    let checking = tokio::spawn({
        let connections = Arc::clone(&house.connections);
        async move { connections.recheck().await }
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
    house.connections.recheck().await.unwrap();
    let ended = house.ended();
    assert!(ended.len() == 2 && ended.contains(&first), "{ended:?}");
}

#[tokio::test]
async fn an_answer_that_leaves_somebody_out_and_one_that_does_not_come_end_nothing() {
    let house = House::new().await;
    let (ann, bob) = (house.user("ann").await, house.user("bob").await);
    let (ann_socket, _) = (house.connect(&ann).await, house.connect(&bob).await);
    house.store.forgets_versions.store(true, Ordering::Relaxed);
    house.connections.recheck().await.unwrap();
    assert_eq!(house.ended(), []);
    house.set_password_elsewhere(ann.user.id).await;
    house.store.leave_unanswered("token_versions");
    assert!(house.connections.recheck().await.is_err_and(|error| error.is_store_away()));
    assert_eq!(house.ended(), []);
    house.store.heal("token_versions");
    house.connections.recheck().await.unwrap();
    assert_eq!(house.ended(), [ann_socket]);
}

#[tokio::test]
async fn a_password_changed_elsewhere_ends_older_sessions_and_not_the_new_one() {
    let house = House::new().await;
    let ann = house.user("ann").await;
    let old = house.connect(&ann).await;
    let (gate, before) = (house.store.hold("token_versions"), house.store.count("token_versions"));
    let checking = tokio::spawn({
        let connections = Arc::clone(&house.connections);
        async move { connections.recheck().await }
    });
    house.store.begun("token_versions", before + 1).await;
    let new = NewPassword::parse("battery staple").unwrap();
    let session = house.accounts.change_password(ADDRESS, &ann, PASSWORD, new).await.unwrap();
    assert_eq!(house.ended(), [old]);
    let again = house.accounts.authenticate(&session.token).await.unwrap();
    house.connect(&again).await;
    house.store.heal("token_versions");
    gate.add_permits(1);
    assert_eq!(timed("the check ends", checking).await.unwrap(), Ok(()));
    assert_eq!(house.ended(), []);
    assert_eq!(house.connect_as(SocketId::new(), &ann).await.unwrap_err(), Error::Unauthorized);
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
    house.connections.recheck().await.unwrap();
    assert_eq!(*house.store.versions_asked.lock().unwrap(), [500, 100]);
    assert_eq!(house.ended(), []);
}
