"""`hilum quantise`: a model whose network computes in 8-bit integers too, where that costs nothing measurable."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.shelf import SHIPPED_LUNGS, local_models_folder
from hilum.cli.options.completion import data_option
from hilum.cli.options.data import (
    ImageColumnOption,
    PatientColumnOption,
    PatientPatternOption,
    read_as_trained,
    words_of_data,
)
from hilum.cli.options.judging import LungsOption
from hilum.cli.options.models import MODEL_HELP, NewModelFolder, ReplaceOption, choose_bundle, model_names
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.quantised_table import lines_of_way, quantised_table
from hilum.cli.terminal.say import say
from hilum.datasets.own.columns import StatedColumns
from hilum.evaluation.quantising.int8_graph import LAYERS_BACK
from hilum.evaluation.quantising.quantise import (
    CALIBRATION_IMAGES,
    QuantiseResult,
    QuantiseSettings,
    quantise,
    quantised_name,
)
from hilum.evaluation.quantising.table import TABLE_SUFFIX, table_bytes
from hilum.whole_files import write_whole

app = typer.Typer(
    help="Make a model compute in 8-bit integers, where that costs nothing measurable.",
    epilog=(
        "[bold]Examples[/]\n\nhilum quantise pneumonia-paediatric --data kermany=chest_xray\n\n"
        "hilum quantise runs/chest14 --data nih=ChestXray14 --out models/chest14-int8\n\n"
        "[bold]Exit code[/]: 0 where the model was written; 1 where int8 changes its answers too much, and the table "
        "says which."
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def quantise_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, autocompletion=model_names)],
    *,
    data: Annotated[
        list[str],
        data_option("The data that the model was trained on; once for each."),
    ],
    out: NewModelFolder = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The new model's name; else MODEL's with -int8.")
    ] = None,
    calibration_images: Annotated[
        int, typer.Option(min=1, metavar="N", help="Training images that set the ranges of the integers.")
    ] = CALIBRATION_IMAGES,
    layers_back: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Of a DenseNet, how many layers may return to float32 if 8 bits cost too much."
        ),
    ] = LAYERS_BACK,
    lungs: LungsOption = SHIPPED_LUNGS,
    image_column: ImageColumnOption = None,
    patient_column: PatientColumnOption = None,
    patient_pattern: PatientPatternOption = None,
    replace: ReplaceOption = False,
) -> None:
    """Write MODEL with a second form of its network in 8-bit integers, judged on its own validation images.

    It is written only if no finding loses more than 0.002 AUROC, no rate of decisions moves by more than one percentage
    point, and the heatmaps stay alike. `--engine openvino-int8` or auto reads with it; float32 remains in it.
    """
    bundle = choose_bundle(model)
    columns = StatedColumns(image=image_column, patient=patient_column, wanted=bundle.card.label_names)
    mixed = read_as_trained(data, columns=columns, patient_pattern=patient_pattern)
    folder = out or local_models_folder(os.environ) / (name or quantised_name(bundle.card.name))
    words = ["hilum", "quantise", bundle.card.name, *words_of_data(data)]
    words += [] if calibration_images == CALIBRATION_IMAGES else ["--calibration-images", str(calibration_images)]
    words += [] if layers_back == LAYERS_BACK else ["--layers-back", str(layers_back)]
    settings = QuantiseSettings(
        images=calibration_images, layers_back=layers_back, name=name, command=shlex.join(words), replace=replace
    )
    done = quantise(
        bundle,
        records=mixed.records,
        folder=folder,
        settings=settings,
        lungs=choose_bundle(lungs) if "lungs" in bundle.card.needs - bundle.card.brings else None,
        say=say,
    )
    table = folder.with_name(folder.name + TABLE_SUFFIX)
    write_whole(table, table_bytes(done.ways))
    _show(done, table=table)
    raise typer.Exit(int(done.bundle is None))


def _show(done: QuantiseResult, *, table: Path) -> None:
    for way in done.ways:
        if way.forms is not None:
            output_console().print(quantised_table(way))
        for line in lines_of_way(way):
            say(f"overflow_fix={way.overflow_fix}: {line}")
    if done.failed:
        say(f"{done.failed:,} images could not be read")
    if done.bundle is None:
        say(f"Int8 changes this model's answers too much. No model was written; the table is in {table}")
        return
    taken = done.bundle.card.quantised
    way_taken = "" if taken is None else f" with overflow_fix={taken.overflow_fix}"
    folder = shlex.quote(str(done.bundle.folder))
    say(
        f"Wrote {done.bundle.folder}{way_taken}, and the table {table}; read with it: hilum read --model {folder} "
        "--engine openvino-int8 FILE"
    )
