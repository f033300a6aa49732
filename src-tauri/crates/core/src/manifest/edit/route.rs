//! A route of a form as the keys that it stands for.

use super::fresh::Fresh;
use super::place::Source;
use super::{EditError, Step, set_list, step};
use crate::manifest::fields::RouteField;

/// How a credential is sent where the form does not say.
const SCHEME: &str = "bearer";

/// A whole new route.
pub(super) fn fresh(route: &RouteField) -> Fresh {
    let text = |text: &str| Fresh::Text(text.to_owned());
    let mut entries = vec![("host".to_owned(), text(&route.host))];
    if let Some(shape) = shape(route) {
        entries.push(("matches".to_owned(), Fresh::List(vec![shape])));
    }
    if let Some(credential) = &route.credential {
        let auth = vec![
            (
                "scheme".to_owned(),
                text(route.scheme.as_deref().unwrap_or(SCHEME)),
            ),
            ("credential".to_owned(), text(credential)),
        ];
        entries.push(("auth".to_owned(), Fresh::Map(auth)));
    }
    if let Some(on_finding) = &route.on_finding {
        entries.push(("on_finding".to_owned(), text(on_finding)));
    }
    Fresh::Map(entries)
}

fn shape(route: &RouteField) -> Option<Fresh> {
    let lists = [("paths", &route.paths), ("methods", &route.methods)];
    let entries: Vec<_> = lists
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(key, items)| (key.to_owned(), super::texts(items)))
        .collect();
    (!entries.is_empty()).then_some(Fresh::Map(entries))
}

/// Changes the keys of a route one by one, so that what the form does not show stays.
pub(super) fn set(text: &str, path: &[String], route: &RouteField) -> Result<String, EditError> {
    let held = Source::read(text)?.model();
    let Some(old) = held.get(path).filter(|old| !old.is_empty()) else {
        return step(text, &Step::Set(path.to_vec(), fresh(route)));
    };
    let below = |keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned());
        path.iter().cloned().chain(keys).collect::<Vec<_>>()
    };
    let put = |text: &str, keys: &[&str], value: &str| {
        step(text, &Step::Set(below(keys), Fresh::Text(value.to_owned())))
    };
    let drop_key = |text: &str, keys: &[&str]| step(text, &Step::Remove(below(keys)));
    let mut edited = put(text, &["host"], &route.host)?;
    if route.matches <= 1 {
        let first = below(&["matches", "0"]);
        edited = match shape(route) {
            None => drop_key(&edited, &["matches"])?,
            Some(shape) if held.get(&first).is_none() => step(
                &edited,
                &Step::Set(below(&["matches"]), Fresh::List(vec![shape])),
            )?,
            Some(_) => set_shape(&edited, &first, route)?,
        };
    }
    edited = match &route.credential {
        None => drop_key(&edited, &["auth"])?,
        Some(credential) => {
            let scheme = route.scheme.as_deref().unwrap_or(SCHEME);
            let with_scheme = put(&edited, &["auth", "scheme"], scheme)?;
            put(&with_scheme, &["auth", "credential"], credential)?
        }
    };
    match &route.on_finding {
        Some(word) => put(&edited, &["on_finding"], word),
        None if old.get(&["on_finding".to_owned()]).is_some() => drop_key(&edited, &["on_finding"]),
        None => Ok(edited),
    }
}

/// What stays is written first: a shape without any key is no shape.
fn set_shape(text: &str, shape: &[String], route: &RouteField) -> Result<String, EditError> {
    let key = |name: &str| [shape, &[name.to_owned()]].concat();
    let lists = [("paths", &route.paths), ("methods", &route.methods)];
    let mut edited = text.to_owned();
    for (name, items) in lists.iter().filter(|(_, items)| !items.is_empty()) {
        edited = set_list(&edited, &key(name), items)?;
    }
    for (name, _) in lists.iter().filter(|(_, items)| items.is_empty()) {
        edited = step(&edited, &Step::Remove(key(name)))?;
    }
    Ok(edited)
}
