// The main job: an int8 network from a float one and about a hundred pictures; it is saved, and run on one picture.
//
//	quantize_and_run [configuration] [network] [picture]
//
// Writes <name of the network>.octet into the current folder and prints the class with its probability.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"octet"
)

func main() {
	log.SetFlags(0)
	config, network, picture := "../models/quantize.json", "../models/shapes.onnx", "../models/test/0005.png"
	for i, set := range []*string{&config, &network, &picture} {
		if len(os.Args) > i+1 {
			*set = os.Args[i+1]
		}
	}
	result := strings.TrimSuffix(filepath.Base(network), filepath.Ext(network)) + ".octet"

	// Ctrl-C ends the work and leaves no half-written file.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := quantize(ctx, config, network, result); err != nil {
		log.Fatal(err)
	}
	if err := classify(ctx, result, picture); err != nil {
		log.Fatal(err)
	}
}

func quantize(ctx context.Context, config, path, result string) error {
	network, err := octet.Load(path, nil)
	if err != nil {
		return err
	}
	defer network.Close()
	model, report, err := octet.Quantize(ctx, network, &octet.QuantizeOptions{
		ConfigPath: config,
		Progress:   showProgress,
		Log: func(level octet.LogLevel, message string) {
			if level >= octet.LogWarning {
				message = "warning: " + message
			}
			fmt.Fprintln(os.Stderr, message)
		},
	})
	if err != nil {
		return err
	}
	defer model.Close()
	defer report.Close()
	if err := model.Save(result); err != nil {
		return err
	}
	info, err := report.Info()
	if err != nil {
		return err
	}
	fmt.Printf("%s: weights of %d bytes instead of %d", result, info.Int8WeightBytes, info.FloatWeightBytes)
	if info.Agreement >= 0 {
		fmt.Printf("; agrees with the float network on %.1f %% of the pictures", 100*info.Agreement)
	}
	fmt.Println()
	return nil
}

// showProgress is called a few times a second.
func showProgress(p octet.Progress) {
	line := fmt.Sprintf("%s %d of %d", p.Stage, p.Done, p.Total)
	if p.Remaining >= 0 {
		line += fmt.Sprintf(", %.0f s left", p.Remaining.Seconds())
	}
	end := "\r"
	if p.Done == p.Total {
		end = "\n"
	}
	fmt.Fprintf(os.Stderr, "%-40s%s", line, end)
}

func classify(ctx context.Context, path, picture string) error {
	model, err := octet.Load(path, nil)
	if err != nil {
		return err
	}
	defer model.Close()
	session, err := model.NewSession(nil)
	if err != nil {
		return err
	}
	defer session.Close()
	pixels, err := octet.LoadPixels(picture, octet.RGB)
	if err != nil {
		return err
	}
	// How pictures are prepared is stored in the int8 network; the values are those of the float one's output.
	scores := make([]float32, model.Outputs()[0].ElementCount)
	if err := session.RunPixels(ctx, pixels, nil, [][]float32{scores}); err != nil {
		return err
	}
	best := 0
	for i, score := range scores {
		if score > scores[best] {
			best = i
		}
	}
	fmt.Printf("%s: class %d, probability %.3f\n", picture, best, scores[best])
	return nil
}
