"""Put a trained model into the package, with a card that tells where it comes from and how good it is.

Weights are stored in half precision, which is what a card's scores are of. The recipe that goes along names the photographs as the card does, not where they lay on the machine that trained.

Usage: python tools/ship_model.py RUN NAME --photographs TITLE --test FOLDER --test-title TITLE \
    --degradation jpeg:quality=10 --metrics psnr,ssim --inputs TITLE --recipe-name NAME [--start-from NAME] [--earlier WORDS]
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import torch
import yaml
from rich.progress import track

from beholder.catalog import create_metric
from beholder.data.packs import open_pack
from beholder.data.patches import PicturePairs
from beholder.training.model_file import load_model, save_model
from beholder.training.reading import read_recipe
from beholder.training.recipe import Recipe
from beholder.training.validating import Enlarger

MODELS = Path(__file__).parent.parent / "src" / "beholder" / "models"
CARD = """# {name}

{title}.

| | |
| --- | --- |
| network | `{network}`, {parameters:,} parameters |
| trained on | {photographs} |
| steps | {step:,}{of} of batches of {batch}{start} |{earlier}
| seed | {seed} |
| weights | float16 in the file, float32 when loaded |
| took | {minutes:.0f} minutes, two cores of a processor with AMX, shared with other work |
| licence | Apache-2.0, as Beholder |

Scores on {test_title}, `{degradation}`:

{scores}

Made for {inputs}, of photographs; on anything else, drawings and text among it, it has not been measured.

## Recipe

    beholder train {recipe_name} data.train=PHOTOGRAPHS -o runs/{name}
{note}
```yaml
{recipe}```
"""

NOTE = "\ntrains a network like it in one stage. The settings of the last stage of this one:\n"


def seconds(run: Path, step: int) -> float:
    """How long a run took to a step."""
    with (run / "steps.csv").open(newline="", encoding="utf-8") as file:
        return max(float(row["seconds"]) for row in csv.DictReader(file) if int(row["step"]) <= step)


def judge(
    network: torch.nn.Module, pairs: PicturePairs, metrics: list[str]
) -> list[tuple[str, float, float]]:
    """Metric, score of what is restored, score of the input: bicubically enlarged, where the network enlarges."""
    judges = [create_metric(name) for name in metrics]
    untouched = Enlarger(network.scale)
    sums = torch.zeros(len(metrics), 2, dtype=torch.float64)
    network.to(memory_format=torch.channels_last)
    with torch.inference_mode():
        for place in track(range(len(pairs)), description="scoring"):
            degraded, clean = (pairs[place][side][None] for side in ("x", "y"))
            for column, each in enumerate((network, untouched)):
                restored = (each(degraded).clamp(0, 1) * 255).round() / 255
                for row, metric in enumerate(judges):
                    sums[row, column] += metric(restored, clean).item()
    means = (sums / len(pairs)).tolist()
    return [(name, *pair) for name, pair in zip(metrics, means, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("name")
    for option in (
        "--photographs",
        "--test-title",
        "--degradation",
        "--metrics",
        "--inputs",
        "--recipe-name",
    ):
        parser.add_argument(option, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--earlier", default="", help="stages of training before the run's, in words")
    parser.add_argument(
        "--start-from", help="name under which the model that it started from is in the package"
    )
    told = parser.parse_args()
    network, about = load_model(told.run / "model.safetensors")
    network.half().float()  # judged as it is stored
    settings = read_recipe(told.run / "recipe.yaml").model_dump(mode="json")
    if settings["start_from"] and not (told.start_from or told.earlier):
        parser.error(
            f"the run started from {settings['start_from']}: name it by --start-from, or tell it by --earlier"
        )
    settings["data"] |= {"train": told.photographs, "validation": None}
    settings["start_from"] = told.start_from
    recipe = Recipe.model_validate(settings)
    metrics = told.metrics.split(",")
    rows = judge(network, PicturePairs(open_pack(told.test), told.degradation), metrics)
    MODELS.mkdir(exist_ok=True)
    target = MODELS / f"{told.name}.safetensors"
    scores = {name: round(score, 4) for name, score, _ in rows}
    before = {name: round(score, 4) for name, _, score in rows}
    save_model(network.half(), recipe, target, step=about["step"], scores=scores, before=before)
    lines = ["| metric | input | restored |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {was:.4f} | {score:.4f} |" for name, score, was in rows]
    card = CARD.format(
        name=told.name,
        title=recipe.title,
        network=recipe.network,
        parameters=sum(each.numel() for each in network.parameters()),
        photographs=told.photographs,
        step=about["step"],
        of="" if about["step"] == recipe.steps else f" (the best in validation of {recipe.steps:,})",
        batch=recipe.batch,
        start=f", from `{recipe.start_from}`" if recipe.start_from else "",
        note=NOTE if told.earlier else "",
        earlier=f"\n| before them | {told.earlier} |" if told.earlier else "",
        seed=recipe.seed,
        minutes=seconds(told.run, about["step"]) / 60,
        test_title=told.test_title,
        degradation=told.degradation,
        scores="\n".join(lines),
        inputs=told.inputs,
        recipe_name=told.recipe_name,
        recipe=yaml.safe_dump(settings, sort_keys=False, width=110),
    )
    target.with_suffix(".md").write_text(card, encoding="utf-8")
    print(f"wrote {target} and its card: {scores}")


if __name__ == "__main__":
    main()
