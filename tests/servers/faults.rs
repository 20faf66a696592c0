//! What happens to servers and to the database while people talk: nothing that was acknowledged is lost, doubled or out
//! of order, and afterwards who is there is who is told to be there.

use std::time::Duration;

use mongodb::bson::doc;
use tokio::time::sleep;

use crate::support::clock::Clock;
use crate::support::cluster::{Cluster, Deployment};
use crate::support::crowd::Crowd;
use crate::support::shape::other_build;

/// Rooms, and people in each.
const ROOMS: usize = 2;
const EACH: usize = 6;

/// How often a server is killed: a few times, or as often as `TEST_ROUNDS` says.
#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn rounds() -> usize {
    std::env::var("TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_that_is_killed_under_load_costs_nothing() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    for round in 0..rounds() {
        let server = round % cluster.len();
        crowd.says(100).await;
        cluster.kill(server);
        crowd.says(100).await;
        // Sometimes it is back before anybody knows that it was gone.
        if round % 2 == 0 {
            crowd.check(&cluster).await;
            crowd.says(50).await;
        }
        cluster.run(server).await;
        crowd.says(50).await;
        crowd.check(&cluster).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn servers_that_are_replaced_one_after_the_other_under_load_cost_nothing() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    for server in 0..cluster.len() {
        crowd.says(100).await;
        let ended = cluster.stop(server);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        match other_build() {
            Some(program) => cluster.run_program(server, &program).await,
            None => cluster.run(server).await,
        }
        crowd.says(100).await;
        crowd.check(&cluster).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_primary_that_steps_down_or_is_killed_costs_nothing() {
    let deployment = Deployment::new().await;
    let cluster = Cluster::start(&deployment).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    crowd.says(100).await;
    let primary = deployment.mongod.lock().await.primary().await.client().await;
    let step_down = doc! { "replSetStepDown": 5, "force": true };
    primary.database("admin").run_command(step_down).await.expect("it steps down");
    crowd.says(100).await;
    crowd.check(&cluster).await;
    deployment.mongod.lock().await.primary().await.kill();
    crowd.says(100).await;
    crowd.check(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_that_is_cut_off_from_the_database_costs_nothing_however_long() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    for (server, seconds) in [3, 10, 40].into_iter().enumerate() {
        crowd.says(100).await;
        cluster.cut(server);
        // How long the fault lasts is what the test is about.
        sleep(Duration::from_secs(seconds)).await;
        cluster.mend(server);
        crowd.check(&cluster).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_database_that_no_server_reaches_for_a_while_costs_nothing() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    for seconds in [3, 12] {
        crowd.says(100).await;
        (0..cluster.len()).for_each(|server| cluster.cut(server));
        // How long the fault lasts is what the test is about.
        sleep(Duration::from_secs(seconds)).await;
        (0..cluster.len()).for_each(|server| cluster.mend(server));
        crowd.check(&cluster).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_that_stands_still_for_a_while_costs_nothing() {
    let cluster = Cluster::start(Deployment::shared().await).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    crowd.says(100).await;
    cluster.freeze(1);
    // How long the fault lasts is what the test is about.
    sleep(Duration::from_secs(20)).await;
    cluster.thaw(1);
    crowd.check(&cluster).await;
    crowd.says(100).await;
    crowd.check(&cluster).await;
}

/// Its lease and those of the others go by the clock of the database, and what it stores stands in its order.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a mongod; script/test has one"]
async fn a_server_whose_clock_is_set_an_hour_forward_and_back_stays_one_of_them() {
    let Some(clock) = Clock::new() else { return };
    let cluster = Cluster::start(Deployment::shared().await).await;
    assert_eq!(cluster.stop(1).code, Some(0));
    cluster.run_by(1, &clock).await;
    let crowd = Crowd::gather(&cluster, ROOMS, EACH).await;
    for ahead in [3600, -3600, 0] {
        clock.set(ahead, &cluster.entrance, 1).await;
        crowd.says(100).await;
        crowd.check(&cluster).await;
    }
}
