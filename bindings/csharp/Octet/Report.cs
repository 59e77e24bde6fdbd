using Octet.Interop;

namespace Octet;

/// <summary>What a quantization or a comparison found. May be read by many threads at once.</summary>
public sealed unsafe class Report : IDisposable
{
    private readonly ReportHandle _handle;

    internal Report(ReportHandle handle) => _handle = handle;

    /// <summary>The report in numbers.</summary>
    public ReportInfo Info
    {
        get
        {
            q_report_info info = GetInfo();
            bool labels = info.has_labels != 0;
            return new ReportInfo
            {
                CalibrationSamples = info.calibration_samples,
                MeasuredSamples = info.measured_samples,
                HeldOut = info.held_out != 0,
                SkippedFiles = info.skipped_files,
                Agreement = info.agreement < 0 ? null : info.agreement,
                LabelledSamples = info.labelled_samples,
                FloatTop1 = labels ? info.float_top1 : null,
                Int8Top1 = labels ? info.int8_top1 : null,
                FloatTop5 = labels ? info.float_top5 : null,
                Int8Top5 = labels ? info.int8_top5 : null,
                FloatWeightBytes = info.float_weight_bytes,
                Int8WeightBytes = info.int8_weight_bytes,
                Elapsed = TimeSpan.FromSeconds(info.seconds),
                Int8Time = Time(info.int8_ms),
                MixedTime = Time(info.mixed_ms),
                IsPoor = info.is_poor != 0,
                FloatRunTime = Time(info.float_run_ms),
                Int8RunTime = Time(info.int8_run_ms),
                Mixed = info.has_mixed == 0 ? null : new MixedInfo(
                    info.mixed_reached != 0,
                    info.mixed_float_mac_share,
                    info.all_int8_sqnr_db,
                    info.mixed_sqnr_db,
                    info.all_int8_drop,
                    info.mixed_drop),
            };
        }
    }

    /// <summary>The outputs of the network.</summary>
    public IReadOnlyList<OutputError> GetOutputs()
    {
        using Hold hold = new(Handle);
        OutputError[] outputs = new OutputError[GetInfo().output_count];
        q_error error;
        for (int i = 0; i < outputs.Length; ++i)
        {
            q_output_error info = new() { struct_size = (uint)sizeof(q_output_error) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_output(_handle, i, &info, &error), &error);
            outputs[i] = new(info.name.ToString(), info.cosine, info.mean_cosine, info.sqnr_db, info.max_abs_error);
        }
        return outputs;
    }

    /// <summary>The layers in the order of execution.</summary>
    public IReadOnlyList<LayerError> GetLayers()
    {
        using Hold hold = new(Handle);
        LayerError[] layers = new LayerError[GetInfo().layer_count];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_layer_error info = new() { struct_size = (uint)sizeof(q_layer_error) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_layer(_handle, i, &info, &error), &error);
            layers[i] = new LayerError
            {
                Name = info.name.ToString(),
                Operator = info.op.ToString(),
                Method = info.method.ToString(),
                IsInt8 = info.is_int8 != 0,
                Cosine = info.cosine,
                SqnrDb = info.sqnr_db,
                MaxAbsError = info.max_abs_error,
                ClippedShare = info.clipped_share,
                Low = info.low,
                High = info.high,
                Cause = info.cause.ToString(),
                CauseText = info.cause_text.ToString(),
                Advice = info.advice.ToString(),
                OwnSqnrDb = info.own_sqnr_db,
                FloatTime = Time(info.float_ms),
                Int8Time = Time(info.int8_ms),
                IsEqualized = info.is_equalized != 0,
            };
        }
        return layers;
    }

    /// <summary>
    /// Layers that <see cref="QuantizeOptions.FloatWhereFaster"/> kept in float, in the order of execution. The same
    /// names under "skip_quant_op_names" of the configuration give the same model on every machine.
    /// </summary>
    public IReadOnlyList<KeptFloatLayer> GetKeptFloatLayers()
    {
        using Hold hold = new(Handle);
        KeptFloatLayer[] layers = new KeptFloatLayer[GetInfo().kept_float_count];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_kept_float info = new() { struct_size = (uint)sizeof(q_kept_float) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_kept_float(_handle, i, &info, &error), &error);
            layers[i] = new(
                info.name.ToString(),
                info.op.ToString(),
                TimeSpan.FromMilliseconds(info.float_ms),
                TimeSpan.FromMilliseconds(info.int8_ms));
        }
        return layers;
    }

    /// <summary>
    /// Layers that "mixed" of the configuration kept in float for accuracy, what saves the most error for its work
    /// first.
    /// </summary>
    public IReadOnlyList<MixedLayer> GetMixedLayers()
    {
        using Hold hold = new(Handle);
        MixedLayer[] layers = new MixedLayer[GetInfo().mixed_layer_count];
        q_error error;
        for (int i = 0; i < layers.Length; ++i)
        {
            q_mixed_layer info = new() { struct_size = (uint)sizeof(q_mixed_layer) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_mixed_layer(_handle, i, &info, &error), &error);
            layers[i] = new(info.name.ToString(), info.op.ToString(), info.macs, info.gained_db);
        }
        return layers;
    }

    /// <summary>
    /// The samples that the two networks see most differently: another answer before all others, then the least cosine.
    /// </summary>
    public IReadOnlyList<SampleError> GetSamples()
    {
        using Hold hold = new(Handle);
        SampleError[] samples = new SampleError[GetInfo().sample_count];
        q_error error;
        for (int i = 0; i < samples.Length; ++i)
        {
            q_sample_error info = new() { struct_size = (uint)sizeof(q_sample_error) };
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_sample(_handle, i, &info, &error), &error);
            samples[i] = new SampleError
            {
                Name = info.name.ToString(),
                SameAnswer = info.same_answer != 0,
                Cosine = info.cosine,
                FloatClass = info.float_class < 0 ? null : info.float_class,
                Int8Class = info.int8_class < 0 ? null : info.int8_class,
                FloatScore = info.float_score,
                Int8Score = info.int8_score,
                FloatBoxCount = info.float_box_count,
                Int8BoxCount = info.int8_box_count,
            };
        }
        return samples;
    }

    /// <summary>How the boxes of two detectors fit; null where the networks are none.</summary>
    public DetectionError? GetDetections()
    {
        using Hold hold = new(Handle);
        if (GetInfo().has_detections == 0)
        {
            return null;
        }
        q_error error;
        q_detection_error info = new() { struct_size = (uint)sizeof(q_detection_error) };
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_get_detections(_handle, &info, &error), &error);
        return new DetectionError
        {
            Boxes = (BoxKind)info.boxes,
            ScoreThreshold = info.score_threshold,
            FloatBoxes = info.float_boxes,
            Int8Boxes = info.int8_boxes,
            Matched = info.matched,
            SameSamples = info.same_samples,
            MeanIou = info.mean_iou,
            LeastIou = info.least_iou,
            MeanScoreError = info.mean_score_error,
            MaxScoreError = info.max_score_error,
        };
    }

    /// <summary>What may not be as meant, such as unreadable images.</summary>
    public IReadOnlyList<string> GetWarnings()
    {
        using Hold hold = new(Handle);
        string[] warnings = new string[GetInfo().warning_count];
        q_error error;
        for (int i = 0; i < warnings.Length; ++i)
        {
            q_str text;
            Errors.Prepare(&error);
            Errors.Check(Native.q_report_get_warning(_handle, i, &text, &error), &error);
            warnings[i] = text.ToString();
        }
        return warnings;
    }

    /// <summary>The whole report as one JSON object.</summary>
    public string ToJson()
    {
        using Hold hold = new(Handle);
        q_str json;
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_get_json(_handle, &json, &error), &error);
        return json.ToString();
    }

    /// <summary>Writes the report; the ending names the format: .html (one file, works offline) or .json.</summary>
    /// <exception cref="OctetException">Status IO, or Unsupported for another ending.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using Scope scope = new();
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_save(Handle, scope.Text(path), &error), &error);
    }

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    public void Dispose() => _handle.Dispose();

    private ReportHandle Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            return _handle;
        }
    }

    private q_report_info GetInfo()
    {
        q_report_info info = new() { struct_size = (uint)sizeof(q_report_info) };
        q_error error;
        Errors.Prepare(&error);
        Errors.Check(Native.q_report_get_info(Handle, &info, &error), &error);
        return info;
    }

    private static TimeSpan? Time(double milliseconds) =>
        milliseconds > 0 ? TimeSpan.FromMilliseconds(milliseconds) : null;
}
