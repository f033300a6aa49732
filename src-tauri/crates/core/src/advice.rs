//! What every error of the product can say besides what happened: a stable code and what the person can do.

/// An error that names itself by a code and tells the person what to do next.
///
/// `Display` of the implementor says what happened, in lower case, without a full stop, and never holds a secret.
pub trait Advice: std::error::Error {
    /// A stable `snake_case` word that a program can act on.
    fn code(&self) -> &'static str;

    /// One imperative sentence that says what the person can do about it.
    fn advice(&self) -> String;
}
