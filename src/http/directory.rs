//! `/api/users`: the directory.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::pages::{Beside, links};
use super::query::{FromParams, Params, Query};
use crate::chat;
use crate::error::Error;
use crate::model::{DirectoryPlace, NameKey};
use crate::wire::UserEntry;

/// What part of the directory is asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Directory {
    /// The beginning of the name or of a part of it (after `_`, `.` or `-`), in any case; all where it is empty.
    #[param(required = false)]
    search: String,
    /// Those first who are online.
    #[param(inline, nullable = false)]
    sort: Option<Sort>,
    /// How many at most.
    #[param(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: usize,
    /// Those behind this place, which is taken from a `Link: rel="next"`.
    #[param(nullable = false, value_type = Option<String>)]
    after: Option<DirectoryPlace>,
}

/// An order of the directory other than that by name alone.
#[derive(Clone, Copy, Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
pub(crate) enum Sort {
    /// Those first who are online.
    Online,
}

impl FromParams for Directory {
    fn read(params: &mut Params) -> Option<Self> {
        let search = params.text("search");
        let sort = params.optional("sort", |text| (text == "online").then_some(Sort::Online), "must be \"online\"");
        let limit = params.count("limit", 50, 1..=200);
        let after = params.optional("after", DirectoryPlace::parse, "must be a place out of a Link header");
        Some(Self { search: search?, sort: sort?, limit: limit?, after: after? })
    }
}

impl Directory {
    /// Where the same question goes on.
    fn next(&self, place: &DirectoryPlace) -> Beside {
        let mut next = Beside::next("/api/users");
        if !self.search.is_empty() {
            next = next.with("search", &self.search);
        }
        if self.sort.is_some() {
            next = next.with("sort", "online");
        }
        next.with("limit", self.limit).with("after", place)
    }
}

/// Users, by lower-cased name, or first those who are online.
#[utoipa::path(
    get, path = "/api/users", operation_id = "listUsers", tag = "accounts",
    security(("bearer" = [])), params(Directory),
    responses(
        (status = 200, description = "Those who are found", body = Vec<UserEntry>, headers(
            ("Link" = String, description = "`rel=\"next\"` is the next page, where there are more users"),
        )),
    )
)]
pub(crate) async fn users(
    State(directory): State<Arc<chat::Directory>>,
    Caller(_): Caller,
    Query(wanted): Query<Directory>,
) -> Result<(HeaderMap, Json<Vec<UserEntry>>), Error> {
    let question = chat::Wanted {
        search: NameKey::of(wanted.search.trim()),
        online_first: wanted.sort.is_some(),
        after: wanted.after.clone(),
        limit: wanted.limit,
    };
    let (users, next) = directory.page(&question).await?;
    Ok((links(next.map(|place| wanted.next(&place))), Json(users)))
}
