//! Core: policy, manifests, plans and the small types. Nothing here touches a file, a clock or an engine.

mod address;
mod agent;
mod authority;
mod bottle;
mod compare;
mod decide;
mod edit;
mod edit_properties;
mod edit_routes;
mod env;
mod git;
mod host;
mod hostile;
mod plan;
mod resolve;
mod templates;
mod types;

use bottle_core::manifest::{Bottle, Fault, Location, ManifestError, parse_bottle};

fn bottle(frontmatter: &str) -> Result<Bottle, ManifestError> {
    parse_bottle(
        "b.md",
        &format!("---\n{frontmatter}\n---\n"),
        Location::Home,
    )
}

fn refused(frontmatter: &str) -> ManifestError {
    bottle(frontmatter).expect_err("the bottle must be refused")
}

fn fault(frontmatter: &str) -> Fault {
    *refused(frontmatter).fault
}
