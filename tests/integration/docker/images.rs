//! Images on a real engine: built once, found again, extended by a person's own recipe, and refused with words.

use std::sync::{Arc, Mutex};

use bottle_core::backend::{Backend, BackendError, ImageSource};
use bottle_core::event::{Silent, StepSink};
use bottle_docker::Docker;
use tests::engine::{docker_cli, settings, with_engine};

#[derive(Default)]
struct Steps(Mutex<Vec<(String, Option<f64>)>>);

impl StepSink for Steps {
    fn step(&self, step: &str, fraction: Option<f64>) {
        self.0
            .lock()
            .expect("steps")
            .push((step.to_owned(), fraction));
    }

    fn log(&self, _line: &str) {}
}

#[tokio::test]
async fn images_that_are_there_are_found_without_a_build() {
    with_engine(
        "images_that_are_there_are_found_without_a_build",
        |bench| async move {
            let images = bench.images().await;
            let steps = Steps::default();
            assert_eq!(
                bench
                    .docker
                    .ensure_images(&ImageSource::BuiltIn, &steps)
                    .await
                    .expect("images"),
                images
            );
            let steps = steps.0.into_inner().expect("steps");
            assert_eq!(steps, [("Images are ready".to_owned(), Some(1.0))]);
            let kind = docker_cli(&[
                "image",
                "inspect",
                "--format",
                "{{index .Config.Labels \"dev.claude-bottle.kind\"}}",
                &images.agent,
            ]);
            assert_eq!(kind.trim(), "image");
        },
    )
    .await;
}

#[tokio::test]
async fn a_persons_dockerfile_extends_the_image_and_keeps_its_start() {
    with_engine("a_persons_dockerfile_extends_the_image_and_keeps_its_start", |bench| async move {
        let built_in = bench.images().await;
        let text = "ARG BASE\nFROM ${BASE}\nUSER root\nRUN echo mine > /mine\nENTRYPOINT [\"/bin/false\"]\n";
        let source = ImageSource::Dockerfile { text: text.to_owned() };
        let steps = Steps::default();
        let (one, other) =
            tokio::join!(bench.docker.ensure_images(&source, &steps), bench.docker.ensure_images(&source, &Silent));
        let images = one.expect("an image");
        assert_eq!(other.expect("the same image"), images);
        assert_ne!(images.agent, built_in.agent);
        let config = |image: &str| {
            docker_cli(&["image", "inspect", "--format", "{{json .Config.Entrypoint}} {{json .Config.Cmd}} {{.Config.User}}", image])
        };
        assert_eq!(config(&images.agent), config(&built_in.agent));
        let mine = docker_cli(&["run", "--rm", "--network", "none", "--entrypoint", "cat", &images.agent, "/mine"]);
        assert_eq!(mine, "mine\n");
        let fractions: Vec<f64> = steps.0.into_inner().expect("steps").into_iter().filter_map(|(_, f)| f).collect();
        assert!(fractions.is_sorted(), "{fractions:?}");
        let _removed = docker_cli(&["image", "rm", &images.agent]);
    })
    .await;
}

#[tokio::test]
async fn a_failing_step_is_named_with_its_last_lines() {
    with_engine(
        "a_failing_step_is_named_with_its_last_lines",
        |bench| async move {
            let _there = bench.images().await;
            let source = ImageSource::Dockerfile {
                text: "ARG BASE\nFROM ${BASE}\nRUN echo about to fail && exit 9\n".to_owned(),
            };
            let built = bench.docker.ensure_images(&source, &Silent).await;
            let Err(BackendError::ImageBuild { step, tail, .. }) = built else {
                panic!("{built:?}")
            };
            assert_eq!(step, "RUN echo about to fail && exit 9");
            assert!(tail.iter().any(|line| line == "about to fail"), "{tail:?}");

            let foreign = ImageSource::Dockerfile {
                text: "FROM debian:bookworm-slim\nRUN true\n".to_owned(),
            };
            let built = bench.docker.ensure_images(&foreign, &Silent).await;
            let Err(BackendError::ImageBuild { tail, .. }) = built else {
                panic!("{built:?}")
            };
            assert!(
                tail.iter()
                    .any(|line| line.contains("must start FROM ${BASE}")),
                "{tail:?}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_missing_program_and_a_missing_base_are_told() {
    with_engine(
        "a_missing_program_and_a_missing_base_are_told",
        |_| async move {
            let mut bare = settings();
            bare.programs = Vec::new();
            let built = Docker::connect(bare)
                .ensure_images(&ImageSource::BuiltIn, &Silent)
                .await;
            assert!(
                matches!(built, Err(BackendError::MissingProgram { .. })),
                "{built:?}"
            );

            let source = ImageSource::Reference {
                name: "registry.invalid/no/such:image".to_owned(),
            };
            let built = Arc::new(Docker::connect(settings()))
                .ensure_images(&source, &Silent)
                .await;
            assert!(
                matches!(built, Err(BackendError::NoBaseImage { .. })),
                "{built:?}"
            );
        },
    )
    .await;
}
