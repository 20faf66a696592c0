//! The account with an ACME authority: made once and kept.

use std::path::PathBuf;

use instant_acme::{Account, AccountCredentials, NewAccount};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::keeping::{Keeping, Thing};
use super::order::words;

/// Who asks, and whom.
pub(crate) struct Asker {
    /// The authority's directory.
    pub directory: String,
    /// Whom it writes to.
    pub email: Option<String>,
    /// Certificates of further authorities that the directory may be reached by.
    pub roots: Option<PathBuf>,
    /// Where the account lies, and what comes of it.
    pub keeping: Keeping,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Whose it is.
    directory: String,
    /// Whom the authority writes to.
    email: Option<String>,
    credentials: AccountCredentials,
}

/// The one that is kept, where it is with this authority; else a new one.
///
/// # Errors
/// One line: the authority is not reached, or refuses; or the database that it is kept in does not answer.
pub(crate) async fn open(asker: &Asker) -> Result<Account, String> {
    let client = || Ok::<_, String>(Account::builder_with_http(Box::new(Client::new(asker.roots.as_deref())?)));
    let kept = asker.keeping.read(Thing::Account).await?;
    let kept = kept.and_then(|kept| serde_json::from_slice::<Kept>(&kept).ok());
    if let Some(kept) = kept.filter(|kept| kept.directory == asker.directory && kept.email == asker.email) {
        return client()?.from_credentials(kept.credentials).await.map_err(|error| words(&error));
    }
    let contact: Vec<String> = asker.email.iter().map(|email| format!("mailto:{email}")).collect();
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let made = client()?.create(&wanted, asker.directory.clone(), None).await;
    let (account, credentials) = made.map_err(|error| words(&error))?;
    let kept = Kept { directory: asker.directory.clone(), email: asker.email.clone(), credentials };
    let text = serde_json::to_vec_pretty(&kept).map_err(|error| error.to_string())?;
    asker.keeping.write(Thing::Account, &text).await;
    Ok(account)
}
