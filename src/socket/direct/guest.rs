//! For whom a session carries messages.

use engineioxide_core::Str;

use super::end::End;

/// Takes the messages of one session, one after another. What is answered goes into the session's pipe.
pub trait Guest: Send + 'static {
    /// So many bytes came; whether more may come.
    fn came(&mut self, bytes: usize) -> bool;

    /// Messages of so many bytes in all came together and wait to be taken; whether they may. With 0 all are taken.
    fn waits(&mut self, bytes: usize) -> bool;

    /// A text came.
    ///
    /// # Errors
    /// How the session is to end.
    fn text(&mut self, text: Str) -> impl Future<Output = Result<(), End>> + Send;

    /// Bytes came.
    ///
    /// # Errors
    /// As [`Guest::text`].
    fn binary(&mut self, bytes: Vec<u8>) -> impl Future<Output = Result<(), End>> + Send;

    /// The client was told to go.
    fn dismissed(&mut self);

    /// The session is over.
    fn ended(&mut self);
}
