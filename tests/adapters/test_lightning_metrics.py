"""Our metrics in the validation of a Lightning module."""

from __future__ import annotations

import copy
import logging
import pickle
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from beholder.backbones import Backbone
from beholder.catalog import create_metric
from beholder.spec import MissingPackageError, ShapeError, UsageError

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what Lightning imports
    lightning = pytest.importorskip("lightning.pytorch", reason="lightning is not installed")

from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from beholder.adapters import LightningMetrics

# Of Lightning's, and of a machine with few cores: nothing that a callback could do about.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec."),
    pytest.mark.filterwarnings("ignore:.*`trainer.*overridden"),
]


class Darker(lightning.LightningModule):
    """One number that pictures are multiplied with."""

    def __init__(self, gain: float = 0.9, rate: float = 0.05) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(gain))
        self.rate = rate

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return (batch[0] * self.gain - batch[0]).square().mean()

    def validation_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> Any:
        return {"x": batch[0] * self.gain, "y": batch[0]}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.rate)


@pytest.fixture
def pictures(photos: Tensor) -> Tensor:
    """Five, which batches of two do not divide."""
    return torch.cat([photos, photos.flip(-1)[:2]])[..., :64, :64].contiguous()


def loader(pictures: Tensor, size: int = 2) -> DataLoader[Any]:
    return DataLoader(TensorDataset(pictures), size)


def trainer(folder: Path, *callbacks: Any, **options: Any) -> Any:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    options = {"max_epochs": 1, "enable_checkpointing": False, "accelerator": "cpu", **quiet, **options}
    return lightning.Trainer(default_root_dir=folder, callbacks=list(callbacks), **options)


def validated(
    folder: Path, metrics: LightningMetrics, module: Any, *loaders: DataLoader[Any], **options: Any
) -> dict[str, float]:
    made = trainer(folder, metrics, **options)
    made.validate(module, list(loaders), verbose=False)
    return {name: value.item() for name, value in made.callback_metrics.items()}


def test_means_are_over_pictures_whatever_the_batches(pictures: Tensor, tmp_path: Path) -> None:
    names = ["psnr_y:border=4", "ssim", "lpips_alex"]
    logged = validated(tmp_path, LightningMetrics(names), Darker(), loader(pictures))
    assert logged == pytest.approx(
        {f"val/{name}": create_metric(name)(pictures * 0.9, pictures).mean().item() for name in names},
        rel=1e-5,
    )


def test_each_loader_has_its_own_numbers(pictures: Tensor, tmp_path: Path) -> None:
    loaders = loader(pictures[:3]), loader(pictures[3:], 1)
    logged = validated(tmp_path, LightningMetrics(["gmsd"], prefix="v_"), Darker(), *loaders)
    scores = create_metric("gmsd")(pictures * 0.9, pictures)
    expected = {"v_gmsd/dataloader_idx_0": scores[:3].mean(), "v_gmsd/dataloader_idx_1": scores[3:].mean()}
    assert logged == pytest.approx({name: mean.item() for name, mean in expected.items()}, rel=1e-5)


def test_every_epoch_begins_anew_and_the_best_is_kept(pictures: Tensor, tmp_path: Path) -> None:
    seen = []

    class Told(lightning.Callback):
        def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
            logged = {name: value.item() for name, value in trainer.callback_metrics.items()}
            seen.append((trainer.sanity_checking, pl_module.gain.item(), logged))

    best = ModelCheckpoint(tmp_path / "kept", monitor="val/psnr", mode="max", filename="best")
    made = trainer(
        tmp_path, LightningMetrics(["psnr"]), best, Told(), max_epochs=3, enable_checkpointing=True,
        num_sanity_val_steps=2,
    )  # fmt: skip
    made.fit(Darker(), loader(pictures), loader(pictures))
    assert seen[0][0]
    assert seen[0][2] == {}  # the sanity check logs nothing
    expected = [create_metric("psnr")(pictures * gain, pictures).mean().item() for _, gain, _ in seen[1:]]
    assert [logged["val/psnr"] for *_, logged in seen[1:]] == pytest.approx(expected, rel=1e-5)
    assert expected[0] < expected[1] < expected[2]
    assert best.best_model_score is not None
    assert best.best_model_score.item() == pytest.approx(expected[2], rel=1e-5)


def test_stopping_early(pictures: Tensor, tmp_path: Path) -> None:
    stop = EarlyStopping(monitor="val/mse", mode="min", patience=1)
    made = trainer(tmp_path, LightningMetrics(["mse"]), stop, max_epochs=9)
    made.fit(Darker(rate=0.0), loader(pictures), loader(pictures))
    assert made.current_epoch == 2


@pytest.mark.parametrize(("callback", "mode"), [(ModelCheckpoint, "min"), (EarlyStopping, "min")])
def test_whoever_takes_worse_for_better_is_refused(
    callback: Any, mode: str, pictures: Tensor, tmp_path: Path
) -> None:
    wrong = callback(monitor="val/psnr", mode=mode)
    made = trainer(tmp_path, LightningMetrics(["psnr"]), wrong, enable_checkpointing=True)
    with pytest.raises(UsageError, match=rf"{callback.__name__} monitors val/psnr .*expected mode='max'"):
        made.fit(Darker(), loader(pictures), loader(pictures))


def test_equal_networks_look_once_and_are_no_part_of_the_module(
    pictures: Tensor, tmp_path: Path, squeezenet_file: Path
) -> None:
    request = f"content:backbone=squeezenet1_1:weights={squeezenet_file}:layer="
    metrics = LightningMetrics([f"{request}fire2", create_metric(f"{request}fire4")])
    trunks = {
        id(part.trunk): part.trunk
        for metric in metrics.metrics.values()
        if isinstance(metric, nn.Module)
        for part in metric.modules()
        if isinstance(part, Backbone)
    }
    assert len(trunks) == 1
    passes: list[int] = []
    (trunk,) = trunks.values()
    first = next(part for part in trunk.modules() if isinstance(part, nn.Conv2d))
    first.register_forward_hook(lambda *_: passes.append(1))
    module = Darker()
    logged = validated(tmp_path, metrics, module, loader(pictures, 5))
    assert len(passes) == 2  # of x and of y
    expected = create_metric(f"{request}fire4")(pictures * 0.9, pictures).mean().item()
    assert logged["val/content"] == pytest.approx(expected, rel=1e-5)
    assert list(module.state_dict()) == ["gain"]


def test_pictures_may_be_chosen_and_overshoot(pictures: Tensor, tmp_path: Path) -> None:
    class Other(Darker):
        def validation_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> Any:
            return {"restored": 2 * (batch[0] * 1.5) - 1}

    metrics = LightningMetrics(
        ["mae"], choose=lambda outputs, batch: ((outputs["restored"] + 1) / 2, batch[0])
    )
    logged = validated(tmp_path, metrics, Other(), loader(pictures))
    expected = create_metric("mae")((pictures * 1.5).clamp(0, 1), pictures).mean().item()
    assert logged["val/mae"] == pytest.approx(expected, rel=1e-5)


def test_bfloat16_of_the_trainer_stays_out_of_the_scores(pictures: Tensor, tmp_path: Path) -> None:
    metrics = LightningMetrics(["ssim"])
    logged = validated(tmp_path, metrics, Darker(), loader(pictures), precision="bf16-true")
    y = pictures.bfloat16()
    x = y * torch.tensor(0.9).bfloat16()
    assert logged["val/ssim"] == pytest.approx(
        create_metric("ssim")(x.float(), y.float()).mean().item(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("returned", "kind", "told"),
    [
        (None, UsageError, "validation_step returned NoneType; .*choose=lambda"),
        ({"loss": 1, "y": 2}, UsageError, r"a mapping with \['loss', 'y'\]; expected"),
        ({"x": torch.rand(1, 3, 8, 8), "y": torch.rand(1, 3, 8, 8) * 255}, ShapeError, r"expected \[0, 1\]"),
        (
            {"x": torch.rand(1, 3, 8, 8), "y": torch.rand(1, 3, 8, 8) * 2 - 1},
            ShapeError,
            r"expected \[0, 1\]",
        ),
        ({"x": torch.rand(1, 3, 8, 8), "y": torch.ones(1, 3, 8, 8).byte()}, ShapeError, "divide 8-bit"),
        ({"x": torch.rand(1, 3, 8, 8), "y": torch.rand(1, 3, 8, 9)}, ShapeError, "same shape"),
        ({"x": torch.rand(3, 8, 8), "y": torch.rand(3, 8, 8)}, ShapeError, "a batch of images"),
        ({"x": 1.0, "y": torch.rand(1, 3, 8, 8)}, ShapeError, "the pictures are a float"),
    ],
)
def test_what_holds_no_pictures_is_told(returned: Any, kind: type, told: str, tmp_path: Path) -> None:
    class Wrong(Darker):
        def validation_step(self, batch: list[Tensor], batch_idx: int, dataloader_idx: int = 0) -> Any:
            return returned

    with pytest.raises(kind, match=told):
        validated(tmp_path, LightningMetrics(["mse"]), Wrong(), loader(torch.zeros(1, 3, 8, 8)))


def test_what_is_no_list_of_metrics_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a list of names"):
        LightningMetrics("psnr")
    with pytest.raises(UsageError, match="expected a list of names"):
        LightningMetrics([])
    with pytest.raises(UsageError, match="named twice: psnr"):
        LightningMetrics(["psnr", "psnr"])
    with pytest.raises(UsageError, match="Did you mean ssim"):
        LightningMetrics(["ssmi"])
    with pytest.raises(UsageError, match="is no metric"):
        LightningMetrics([nn.L1Loss()])  # type: ignore[list-item]


def test_the_other_package_takes_it_and_it_can_be_copied(pictures: Tensor, tmp_path: Path) -> None:
    copied = pickle.loads(pickle.dumps(copy.deepcopy(LightningMetrics(["mse"]))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = pytest.importorskip("pytorch_lightning", reason="pytorch_lightning is not installed")

    class Module(other.LightningModule):
        def validation_step(self, batch: list[Tensor], batch_idx: int) -> dict[str, Tensor]:
            return {"x": batch[0] / 2, "y": batch[0]}

    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    made = other.Trainer(
        callbacks=[copied],
        logger=False,
        enable_progress_bar=False,
        accelerator="cpu",
        default_root_dir=tmp_path,
    )
    made.validate(Module(), loader(pictures), verbose=False)
    expected = create_metric("mse")(pictures / 2, pictures).mean().item()
    assert made.callback_metrics["val/mse"].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_two_processes_agree_on_the_mean(pictures: Tensor, tmp_path: Path) -> None:
    metrics = LightningMetrics(["psnr"])
    made = trainer(tmp_path, metrics, strategy="ddp_spawn", devices=2)
    (results,) = made.validate(Darker(), loader(pictures[:4], 1), verbose=False)
    expected = create_metric("psnr")(pictures[:4] * 0.9, pictures[:4]).mean().item()
    assert results["val/psnr"] == pytest.approx(expected, rel=1e-5)


def test_without_lightning_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "beholder.adapters.lightning_metrics")
    with pytest.raises(MissingPackageError, match=r"pip install 'beholder\[lightning\]'"):
        from beholder.adapters import LightningMetrics as _  # noqa: F401
